#include "trainer_core/app/schedule_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <vector>

#include "common/json.h"
#include "spec/fields.h"
#include "spec/schedule.h"
#include "trainer_core/app/attempt.h"
#include "trainer_core/app/spec_file.h"
#include "trainer_core/data/epochs.h"

namespace optfleet::trainer {
namespace {

constexpr int64_t kPositions = 1000;  // of a run that ends by time

struct Column {
  std::string name;
  std::function<double(const spec::ScheduledValues&)> value;
};

// The parts of a spec that have a peak of their own follow the same curve: a column for each.
std::vector<Column> ColumnsOf(const spec::TrainingSpec& spec) {
  constexpr std::string_view kOptimizer = "optimizer.";
  constexpr std::string_view kPeak = "learning_rate";
  std::vector<Column> columns;
  for (const spec::Field& field : spec::Fields()) {
    if (!field.key.starts_with(kOptimizer) || !field.key.ends_with(kPeak)) continue;
    const spec::Value value = field.get(spec);
    if (const double* peak = std::get_if<double>(&value); peak != nullptr && spec::IsUsed(field, spec))
      columns.push_back({std::string(field.key.substr(kOptimizer.size())),
                         [peak = *peak](const auto& values) { return peak * values.factor; }});
  }
  columns.push_back({"factor", [](const auto& values) { return values.factor; }});
  columns.push_back({"clip_norm", [](const auto& values) { return values.clip_norm; }});
  if (spec::IsUsed(*spec::FindField("optimizer.mixture_warmup"), spec)) {
    const spec::OptimizerSpec& optimizer = spec.optimizer;
    columns.push_back(
        {"mixture", [=](const auto& values) { return optimizer.mixture * values.mixture_share; }});
    columns.push_back(
        {"beta3", [=](const auto& values) { return SlowDecayAt(optimizer, values.mixture_share); }});
  }
  return columns;
}

// The places of a run in their order: steps, or shares of its time.
class Places {
 public:
  explicit Places(const spec::BudgetSpec& budget)
      : by_time_(budget.seconds > 0), first_(by_time_ ? 0 : 1), last_(by_time_ ? kPositions : budget.steps) {}

  const char* name() const { return by_time_ ? "position" : "step"; }
  int64_t first() const { return first_; }
  int64_t last() const { return last_; }
  double position(int64_t place) const {
    return static_cast<double>(place) / (by_time_ ? static_cast<double>(kPositions) : 1.0);
  }
  // A step is a whole number.
  Json shown(int64_t place) const { return by_time_ ? Json(position(place)) : Json(place); }

 private:
  bool by_time_;
  int64_t first_;
  int64_t last_;
};

void PrintCsv(const Places& places, const spec::Schedule& schedule, const std::vector<Column>& columns) {
  std::string header = places.name();
  for (const Column& column : columns) header.append(",").append(column.name);
  fmt::print("{}\n", header);
  for (int64_t place = places.first(); place <= places.last(); ++place) {
    const spec::ScheduledValues values = schedule.At(places.position(place));
    std::string row = places.shown(place).dump();
    for (const Column& column : columns) row += fmt::format(",{}", column.value(values));
    fmt::print("{}\n", row);
  }
}

void PrintJson(const Places& places, const spec::Schedule& schedule, const std::vector<Column>& columns) {
  for (int64_t place = places.first(); place <= places.last(); ++place) {
    const spec::ScheduledValues values = schedule.At(places.position(place));
    Json row = {{places.name(), places.shown(place)}};
    for (const Column& column : columns) row[column.name] = column.value(values);
    fmt::print("{}{}", place == places.first() ? "[\n" : ",\n", row.dump());
  }
  fmt::print("\n]\n");
}

}  // namespace

int PrintSchedule(const std::string& config, bool json) {
  auto spec = ReadSpecFile(config);
  const Status known = spec.has_value() ? SetStepsOfEpochs(&*spec) : Fail(spec.error());
  if (!known.has_value()) {
    fprintf(stderr, "%s\n", known.error().message().c_str());
    return ExitCodeOf(known.error());
  }
  const Places places(spec->budget);
  const spec::Schedule schedule(*spec);
  if (json)
    PrintJson(places, schedule, ColumnsOf(*spec));
  else
    PrintCsv(places, schedule, ColumnsOf(*spec));
  return 0;
}

}  // namespace optfleet::trainer
