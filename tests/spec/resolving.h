// Specs to resolve, and what resolving says of them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "spec/fields.h"
#include "spec/resolve.h"

namespace optfleet::spec {

// A run that is complete and right.
inline TrainingSpec Small() {
  TrainingSpec spec;
  spec.data.path = "text.txt";
  spec.budget.steps = 100;
  return spec;
}

// Each problem also has a remedy and names keys that there are.
inline std::vector<std::string> Messages(TrainingSpec spec) {
  std::vector<std::string> messages;
  for (const Problem& problem : Resolve(&spec)) {
    EXPECT_FALSE(problem.remedy.empty()) << problem.rule;
    for (const auto key : problem.keys) EXPECT_NE(FindField(key), nullptr) << key;
    messages.push_back(problem.message);
  }
  return messages;
}

}  // namespace optfleet::spec
