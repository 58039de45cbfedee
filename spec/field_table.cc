#include <vector>

#include "spec/field_builder.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 9> kGroups{"model",      "optimizer",  "schedule",
                                                  "data",       "training",   "budget",
                                                  "evaluation", "checkpoint", "diagnostics"};

std::vector<Field> JoinedParts() {
  std::vector<Field> fields;
  const auto add = [&](const auto& part) { fields.insert(fields.end(), part.begin(), part.end()); };
  add(ModelFields());
  add(OptimizerFields());
  add(ScheduleFields());
  add(RunFields());
  add(DiagnosticsFields());
  return fields;
}

}  // namespace

std::span<const Field> Fields() {
  static const std::vector<Field> fields = JoinedParts();
  return fields;
}

Names Groups() { return kGroups; }

}  // namespace optfleet::spec
