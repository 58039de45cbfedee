#include <vector>

#include "spec/field_builder.h"
#include "spec/stages.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 11> kGroups{"model",    "optimizer", "schedule",   "data",
                                                   "training", "budget",    "evaluation", "checkpoint",
                                                   "start",    "averaging", "diagnostics"};

std::vector<Field> JoinedParts() {
  std::vector<Field> fields;
  const auto add = [&](const auto& part) { fields.insert(fields.end(), part.begin(), part.end()); };
  add(ModelFields());
  add(OptimizerFields());
  add(ScheduleFields());
  add(DataFields());
  add(RunFields());
  add(WeightFields());
  add(DiagnosticsFields());
  return fields;
}

}  // namespace

std::span<const Field> Fields() {
  static const std::vector<Field> fields = JoinedParts();
  return fields;
}

Names Groups() { return kGroups; }

Names FileKeys() {
  static constexpr std::array<std::string_view, 4> keys{"data.path", "data.validation_path", "start.weights",
                                                        "start.token_map"};
  return keys;
}

bool NamesFile(std::string_view key, std::string_view value) {
  const auto keys = FileKeys();
  return !value.empty() && value != kNoFile && std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string_view PartsSeparator(const Field& field) {
  return field.key == "schedule.stages" ? kStagesSeparator : std::string_view();
}

}  // namespace optfleet::spec
