#include <vector>

#include "spec/field_builder.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 8> kGroups{"model",    "optimizer", "schedule",   "data",
                                                  "training", "budget",    "evaluation", "checkpoint"};

std::vector<Field> JoinedParts() {
  std::vector<Field> fields;
  for (const auto part : {ModelFields(), OptimizerFields(), ScheduleFields(), RunFields()})
    fields.insert(fields.end(), part.begin(), part.end());
  return fields;
}

}  // namespace

std::span<const Field> Fields() {
  static const std::vector<Field> fields = JoinedParts();
  return fields;
}

Names Groups() { return kGroups; }

}  // namespace optfleet::spec
