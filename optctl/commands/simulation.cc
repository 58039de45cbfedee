#include "optctl/commands/simulation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include "common/text.h"
#include "optctl/commands/numbers_text.h"
#include "spec/fields.h"
#include "sweeps/leaves.h"

namespace optfleet::commands {
namespace {

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

bool IsNumber(const spec::Field& field, const sweeps::Expansion& expansion) {
  return std::all_of(expansion.jobs.begin(), expansion.jobs.end(),
                     [&](const sweeps::Job& job) { return NumberOf(field.get(job.spec)).has_value(); });
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

// An axis that tells jobs apart but not curves would give all of them the same.
Status CheckColumns(const sweeps::Expansion& expansion, const std::vector<const spec::Field*>& columns) {
  for (const std::string& axis : expansion.axes) {
    const spec::Field* field = spec::FindField(axis);
    if (field == nullptr || sweeps::IsSeedKey(field->key)) continue;
    if (std::find(columns.begin(), columns.end(), field) != columns.end()) continue;
    std::set<std::string> cells;
    for (const sweeps::Job& job : expansion.jobs) cells.insert(CellOf(*field, job));
    if (cells.size() > 1)
      return Fail(Code::kInvalidArgument, "no column for " + axis + ", which differs between the jobs");
  }
  return {};
}

double TokensPerStep(const spec::TrainingSpec& spec) {
  return static_cast<double>(spec.budget.tokens) / static_cast<double>(spec.budget.steps);
}

// The curves of the jobs that have one.
Result<std::vector<sweeps::Curve>> RecordedCurves(const sweeps::Expansion& expansion,
                                                  const sweeps::CurveTable& table,
                                                  const SimulationOptions& options, Simulation* simulation) {
  const auto rows = RowsOf(expansion, table);
  if (!rows) return Fail(rows.error());
  std::vector<sweeps::Curve> curves;
  for (size_t i = 0; i < expansion.jobs.size(); ++i) {
    const sweeps::Job& job = expansion.jobs[i];
    if (!(*rows)[i]) {
      simulation->without_curve.push_back(job.number);
      continue;
    }
    curves.push_back(table.rows[*(*rows)[i]].curve);
    if (options.throughput) curves.back().seconds_per_step = TokensPerStep(job.spec) / *options.throughput;
    simulation->other_length += curves.back().steps != job.spec.budget.steps ? 1 : 0;
  }
  if (curves.empty()) return Fail(Code::kInvalidArgument, "none of the jobs has a curve");
  if (!std::isfinite(sweeps::BestFinal(curves)))
    return Fail(Code::kInvalidArgument, "all curves of the jobs diverge");
  return curves;
}

std::vector<int64_t> RungsOf(const sweeps::Expansion& expansion, int64_t steps) {
  return expansion.halving ? sweeps::RungSteps(*expansion.halving, steps) : std::vector<int64_t>();
}

Status SetRungs(const sweeps::Expansion& expansion, const std::vector<sweeps::Curve>& curves,
                Simulation* simulation) {
  simulation->steps = curves[0].steps;
  simulation->rungs = RungsOf(expansion, curves[0].steps);
  for (const sweeps::Curve& curve : curves) {
    const std::vector<int64_t> rungs = RungsOf(expansion, curve.steps);
    if (!rungs.empty() && rungs[0] < curve.points[0].step)
      return Fail(Code::kInvalidArgument, "the first rung, at step " + FormatCount(rungs[0]) +
                                              ", lies before the first recorded value, at step " +
                                              FormatCount(curve.points[0].step));
    if (curve.steps != simulation->steps) simulation->steps = 0;
    if (rungs != simulation->rungs) simulation->rungs.clear();
  }
  return {};
}

Status CheckBudgets(const sweeps::Expansion& expansion) {
  std::vector<int64_t> timed;
  for (const sweeps::Job& job : expansion.jobs)
    if (job.spec.budget.steps <= 0) timed.push_back(job.number);
  if (timed.empty()) return {};
  return Fail(Code::kInvalidArgument,
              "jobs whose budget is in seconds or epochs cannot be simulated, their steps are not known: " +
                  NumbersText(timed));
}

}  // namespace

sweeps::SyntheticSpace SyntheticSpaceOf(const sweeps::Expansion& expansion) {
  sweeps::SyntheticSpace space;
  std::vector<const spec::Field*> numbers;
  std::vector<const spec::Field*> choices;
  for (const std::string& axis : expansion.axes) {
    const spec::Field* field = spec::FindField(axis);
    if (field == nullptr || !ChangesCurves(*field)) continue;
    const bool is_number = IsNumber(*field, expansion);
    (is_number ? numbers : choices).push_back(field);
    (is_number ? space.number_keys : space.choice_keys).push_back(axis);
  }
  for (const sweeps::Job& job : expansion.jobs) {
    sweeps::SyntheticJob made;
    made.steps = job.spec.budget.steps;
    made.seconds_per_step = 1;
    for (const spec::Field* field : numbers) made.numbers.push_back(*NumberOf(field->get(job.spec)));
    for (const spec::Field* field : choices) made.choices.push_back(spec::ToText(field->get(job.spec)));
    made.validations = RungsOf(expansion, made.steps);
    space.jobs.push_back(std::move(made));
  }
  return space;
}

Result<std::vector<std::optional<size_t>>> RowsOf(const sweeps::Expansion& expansion,
                                                  const sweeps::CurveTable& table) {
  std::vector<const spec::Field*> columns;
  for (const std::string& column : table.columns) {
    auto field = FieldOf(column, expansion);
    if (!field) return Fail(std::move(field).error());
    columns.push_back(*field);
  }
  if (auto status = CheckColumns(expansion, columns); !status) return Fail(std::move(status).error());
  std::map<std::vector<std::string>, size_t> by_cells;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < columns.size(); ++i) {
      auto cell = Normal(*columns[i], table.rows[row].cells[i], table.rows[row].line);
      if (!cell) return Fail(std::move(cell).error());
      cells.push_back(*std::move(cell));
    }
    const auto [earlier, is_new] = by_cells.try_emplace(std::move(cells), row);
    if (!is_new)
      return Fail(Code::kInvalidArgument, "lines " + std::to_string(table.rows[earlier->second].line) +
                                              " and " + std::to_string(table.rows[row].line) +
                                              " are curves of the same job");
  }
  std::vector<std::optional<size_t>> rows;
  for (const sweeps::Job& job : expansion.jobs) {
    std::vector<std::string> cells;
    for (const spec::Field* field : columns) cells.push_back(CellOf(*field, job));
    const auto found = by_cells.find(cells);
    rows.push_back(found == by_cells.end() ? std::nullopt : std::optional(found->second));
  }
  return rows;
}

Result<Simulation> Simulate(const sweeps::Expansion& expansion, const sweeps::CurveTable* recorded,
                            const SimulationOptions& options) {
  if (auto status = CheckBudgets(expansion); !status) return Fail(std::move(status).error());
  Simulation simulation;
  simulation.is_recorded = recorded != nullptr;
  simulation.in_steps = recorded == nullptr && !options.throughput;
  simulation.slots = options.slots;
  sweeps::SyntheticSpace space;
  std::vector<sweeps::Curve> curves;
  if (recorded != nullptr) {
    auto found = RecordedCurves(expansion, *recorded, options, &simulation);
    if (!found) return Fail(std::move(found).error());
    curves = *std::move(found);
  } else {
    space = SyntheticSpaceOf(expansion);
    for (size_t i = 0; options.throughput && i < space.jobs.size(); ++i)
      space.jobs[i].seconds_per_step = TokensPerStep(expansion.jobs[i].spec) / *options.throughput;
    curves = SyntheticCurves(space, 1);
  }
  if (auto status = SetRungs(expansion, curves, &simulation); !status) return Fail(std::move(status).error());
  simulation.jobs = static_cast<int64_t>(curves.size());
  const sweeps::ReplayPlan plan{.slots = options.slots, .halving = expansion.halving};
  for (int32_t seed = 1; seed <= options.seeds; ++seed) {
    if (recorded == nullptr && seed > 1) curves = SyntheticCurves(space, seed);
    const double noise = sweeps::kMeasuredNoise * std::abs(sweeps::BestFinal(curves));
    simulation.runs.push_back(sweeps::Compare(plan, curves, noise, static_cast<uint64_t>(seed)));
  }
  return simulation;
}

}  // namespace optfleet::commands
