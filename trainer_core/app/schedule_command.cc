#include "trainer_core/app/schedule_command.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "common/json.h"
#include "spec/schedule.h"
#include "trainer_core/app/attempt.h"
#include "trainer_core/app/spec_file.h"

namespace optfleet::trainer {
namespace {

constexpr int64_t kPositions = 1000;  // of a run that ends by time

struct Column {
  const char* name;
  double spec::ScheduledValues::*value;
};

constexpr std::array<Column, 3> kColumns{{{"learning_rate", &spec::ScheduledValues::learning_rate},
                                          {"factor", &spec::ScheduledValues::factor},
                                          {"clip_norm", &spec::ScheduledValues::clip_norm}}};

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

void PrintCsv(const Places& places, const spec::Schedule& schedule) {
  std::string header = places.name();
  for (const Column& column : kColumns) header.append(",").append(column.name);
  fmt::print("{}\n", header);
  for (int64_t place = places.first(); place <= places.last(); ++place) {
    const spec::ScheduledValues values = schedule.At(places.position(place));
    std::string row = places.shown(place).dump();
    for (const Column& column : kColumns) row += fmt::format(",{}", values.*column.value);
    fmt::print("{}\n", row);
  }
}

void PrintJson(const Places& places, const spec::Schedule& schedule) {
  for (int64_t place = places.first(); place <= places.last(); ++place) {
    const spec::ScheduledValues values = schedule.At(places.position(place));
    Json row = {{places.name(), places.shown(place)}};
    for (const Column& column : kColumns) row[column.name] = values.*column.value;
    fmt::print("{}{}", place == places.first() ? "[\n" : ",\n", row.dump());
  }
  fmt::print("\n]\n");
}

}  // namespace

int PrintSchedule(const std::string& config, bool json) {
  const auto spec = ReadSpecFile(config);
  if (!spec.has_value()) {
    fprintf(stderr, "%s\n", spec.error().message().c_str());
    return ExitCodeOf(spec.error());
  }
  const Places places(spec->budget);
  const spec::Schedule schedule(*spec);
  if (json)
    PrintJson(places, schedule);
  else
    PrintCsv(places, schedule);
  return 0;
}

}  // namespace optfleet::trainer
