// The spec's `start` applied to a model. Owned by the training thread.
#pragma once

#include "common/result.h"
#include "spec/training_spec.h"
#include "trainer_core/checkpoint/warm_start.h"
#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

// Fills parameters that hold what the model begins with. Errors: StartFrom.
Result<StartReport> StartWeights(const spec::TrainingSpec& spec, const NamedTensors& parameters);

// Fills the state of a new optimizer from the checkpoint of start.weights; every tensor must be there.
Status StartOptimizer(const spec::StartSpec& start, const NamedTensors& state);

// What came of it, to the log: what was taken, and how the file differs from the run.
void LogStart(const StartReport& report);

}  // namespace optfleet::trainer
