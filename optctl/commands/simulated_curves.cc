#include "optctl/commands/simulated_curves.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/text.h"
#include "spec/evaluation_steps.h"
#include "sweeps/leaves.h"

namespace optfleet::commands {
namespace {

constexpr int64_t kMostValidations = 200;

std::optional<double> NumberOf(const spec::Value& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  const auto* length = std::get_if<spec::Length>(&value);
  if (length != nullptr && length->unit == spec::LengthUnit::kSteps) return length->amount;
  return std::nullopt;
}

bool ChangesCurves(const spec::Field& field) {
  return field.group() != "budget" && field.group() != "evaluation" && !sweeps::IsSeedKey(field.key);
}

// As a cell of a table would say it.
std::string CellOf(const spec::Field& field, const sweeps::Job& job) {
  return spec::Speaks(field, job.spec) ? spec::ToText(field.get(job.spec)) : "";
}

Result<const spec::Field*> FieldOf(const std::string& column, const sweeps::Expansion& expansion) {
  if (const spec::Field* field = spec::FindField(column)) return field;
  if (const spec::Field* field = spec::FindField(column + ".name")) return field;
  std::vector<const spec::Field*> axes;
  std::vector<const spec::Field*> others;
  for (const spec::Field& field : spec::Fields()) {
    if (field.name() != column) continue;
    const bool is_axis =
        std::find(expansion.axes.begin(), expansion.axes.end(), field.key) != expansion.axes.end();
    (is_axis ? axes : others).push_back(&field);
  }
  const auto& found = axes.empty() ? others : axes;
  if (found.size() == 1) return found[0];
  if (found.empty()) return Fail(Code::kInvalidArgument, "the column `" + column + "` is no key of a job");
  return Fail(Code::kInvalidArgument, "the column `" + column + "` may be " + std::string(found[0]->key) +
                                          " or " + std::string(found[1]->key) + ": write the whole key");
}

// The same value is the same text afterwards.
Result<std::string> Normal(const spec::Field& field, const std::string& cell, int64_t line) {
  if (cell.empty()) return cell;
  const auto value = spec::ParseValue(field, cell, /*quoted=*/false);
  if (!value || !spec::IsAllowed(field, *value))
    return Fail(Code::kInvalidArgument, "line " + std::to_string(line) + ": `" + std::string(field.key) +
                                            "` must be " + spec::Expectation(field) + ", found " + cell);
  return spec::ToText(*value);
}

}  // namespace

double TokensPerStep(const spec::TrainingSpec& spec) {
  return static_cast<double>(spec.budget.tokens) / static_cast<double>(spec.budget.steps);
}

SyntheticJobs::SyntheticJobs(const sweeps::Expansion& sweep, std::optional<double> throughput)
    : sweep_(sweep), throughput_(throughput) {
  for (const std::string& axis : sweep.axes) {
    const spec::Field* field = spec::FindField(axis);
    if (field != nullptr && ChangesCurves(*field)) axes_.push_back(field);
  }
}

// Of a job with many only some, evenly: what a rule makes of them is the same.
std::vector<int64_t> SyntheticJobs::ValidationsOf(const sweeps::Job& job) const {
  const int64_t steps = job.spec.budget.steps;
  std::set<int64_t> found;
  if (sweep_.halving)
    for (const int64_t rung : sweeps::RungSteps(*sweep_.halving, steps)) found.insert(rung);
  if (!sweep_.stop) return {found.begin(), found.end()};
  const spec::EvaluationSpec& evaluation = job.spec.evaluation;
  for (const int64_t step : spec::LogSpacedSteps(evaluation.log_spaced, steps)) found.insert(step);
  if (const int64_t every = evaluation.every_steps; every > 0) {
    const int64_t stride = every * (steps / every / kMostValidations + 1);
    for (int64_t step = stride; step < steps; step += stride) found.insert(step);
  }
  return {found.begin(), found.end()};
}

SyntheticJobs::Values SyntheticJobs::ValuesOf(const sweeps::Job& job) const {
  Values values;
  for (const spec::Field* axis : axes_) {
    const spec::Value value = axis->get(job.spec);
    values.numbers.push_back(NumberOf(value));
    values.texts.push_back(spec::ToText(value));
  }
  values.job.steps = job.spec.budget.steps;
  values.job.validations = ValidationsOf(job);
  values.job.seconds_per_step = throughput_ ? TokensPerStep(job.spec) / *throughput_ : 1;
  return values;
}

void SyntheticJobs::Add(const sweeps::Job& job) {
  const Values& values = added_.emplace_back(ValuesOf(job));
  for (size_t i = 0; i < axes_.size(); ++i)
    if (!values.numbers[i]) other_.insert(axes_[i]);
}

sweeps::SyntheticJob SyntheticJobs::Placed(const Values& values) const {
  sweeps::SyntheticJob job = values.job;
  for (size_t i = 0; i < axes_.size(); ++i) {
    if (IsNumber(axes_[i]))
      job.numbers.push_back(values.numbers[i].value_or(0));
    else
      job.choices.push_back(values.texts[i]);
  }
  return job;
}

sweeps::SyntheticSpace SyntheticJobs::Space() const {
  sweeps::SyntheticSpace space;
  for (const spec::Field* axis : axes_)
    (IsNumber(axis) ? space.number_keys : space.choice_keys).emplace_back(axis->key);
  for (const Values& values : added_) space.jobs.push_back(Placed(values));
  return space;
}

sweeps::SyntheticJob SyntheticJobs::Of(const sweeps::Job& job) const { return Placed(ValuesOf(job)); }

Result<RowFinder> RowFinder::Of(const sweeps::Expansion& sweep, const sweeps::CurveTable& table) {
  RowFinder finder;
  for (const std::string& column : table.columns) {
    auto field = FieldOf(column, sweep);
    if (!field) return Fail(std::move(field).error());
    finder.columns_.push_back(*field);
  }
  for (const std::string& axis : sweep.axes) {
    const spec::Field* field = spec::FindField(axis);
    const auto column = std::find(finder.columns_.begin(), finder.columns_.end(), field);
    if (field != nullptr && !sweeps::IsSeedKey(field->key) && column == finder.columns_.end())
      finder.values_[field];
  }
  for (size_t row = 0; row < table.rows.size(); ++row) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < finder.columns_.size(); ++i) {
      auto cell = Normal(*finder.columns_[i], table.rows[row].cells[i], table.rows[row].line);
      if (!cell) return Fail(std::move(cell).error());
      cells.push_back(*std::move(cell));
    }
    const auto [earlier, is_new] = finder.by_cells_.try_emplace(std::move(cells), row);
    if (!is_new)
      return Fail(Code::kInvalidArgument, "lines " + std::to_string(table.rows[earlier->second].line) +
                                              " and " + std::to_string(table.rows[row].line) +
                                              " are curves of the same job");
  }
  return finder;
}

std::optional<size_t> RowFinder::RowOf(const sweeps::Job& job) const {
  std::vector<std::string> cells;
  for (const spec::Field* field : columns_) cells.push_back(CellOf(*field, job));
  const auto found = by_cells_.find(cells);
  return found == by_cells_.end() ? std::nullopt : std::optional(found->second);
}

void RowFinder::Look(const sweeps::Job& job) {
  for (auto& [field, values] : values_) values.insert(CellOf(*field, job));
}

// An axis that tells jobs apart but not curves would give all of them the same.
Status RowFinder::Check() const {
  for (const auto& [field, values] : values_)
    if (values.size() > 1)
      return Fail(Code::kInvalidArgument,
                  "no column for " + std::string(field->key) + ", which differs between the jobs");
  return {};
}

}  // namespace optfleet::commands
