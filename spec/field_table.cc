#include <vector>

#include "spec/field_builder.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 10> kGroups{"model",    "optimizer", "schedule",   "data",
                                                   "training", "budget",    "evaluation", "checkpoint",
                                                   "start",    "averaging"};

std::vector<Field> JoinedParts() {
  std::vector<Field> fields;
  const auto add = [&](const auto& part) { fields.insert(fields.end(), part.begin(), part.end()); };
  add(ModelFields());
  add(OptimizerFields());
  add(ScheduleFields());
  add(RunFields());
  add(WeightFields());
  return fields;
}

}  // namespace

std::span<const Field> Fields() {
  static const std::vector<Field> fields = JoinedParts();
  return fields;
}

Names Groups() { return kGroups; }

Names FileKeys() {
  static constexpr std::array<std::string_view, 3> keys{"data.path", "start.weights", "start.token_map"};
  return keys;
}

}  // namespace optfleet::spec
