// Specs of small models, resolved, for tests of times.
#pragma once

#include <gtest/gtest.h>

#include "spec/resolve.h"

namespace optfleet::spec {

inline TrainingSpec SmallSpec() {
  TrainingSpec spec;
  spec.model.layers = 4;
  spec.model.width = 64;
  spec.data.path = "text.txt";
  spec.data.sequence_length = 64;
  spec.training.batch_size = 8;
  spec.budget.steps = 100;
  spec.evaluation.batches = 10;
  return spec;
}

inline TrainingSpec ResolvedSpec(TrainingSpec spec) {
  for (const Problem& problem : Resolve(&spec)) ADD_FAILURE() << problem.message;
  return spec;
}

// SmallSpec with a change.
template <typename Change>
TrainingSpec SmallWith(Change change) {
  TrainingSpec spec = SmallSpec();
  change(spec);
  return ResolvedSpec(spec);
}

}  // namespace optfleet::spec
