// A group of keys is a member of the spec: `model` is TrainingSpec::model. For what compares or copies whole
// groups, which is far quicker than key by key. Pure; usable from any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "spec/training_spec.h"

namespace optfleet::spec {

struct KeyGroup {
  std::string_view name;
  size_t begin = 0;  // its keys in Fields()
  size_t end = 0;    // behind them
  bool (*same)(const TrainingSpec& a, const TrainingSpec& b) = nullptr;
  void (*copy)(const TrainingSpec& from, TrainingSpec* to) = nullptr;
};

// As Groups().
std::span<const KeyGroup> KeyGroups();

}  // namespace optfleet::spec
