// Steps of a run whose budget is in epochs (spec/epochs.h), which follow from its data.
#pragma once

#include <cstdint>

#include "common/result.h"
#include "spec/training_spec.h"

namespace optfleet::trainer {

// Puts steps in the place of budget.epochs of a resolved spec; one with another budget stays as it is.
// `sequences`: of an epoch. INVALID_ARGUMENT if what waited for the steps does not fit into them, such as a
// warm-up.
Status SetStepsOfEpochs(int64_t sequences, spec::TrainingSpec* spec);

// The same by a look at the head of data.path, which is not read whole. NOT_FOUND and so on of the file.
Status SetStepsOfEpochs(spec::TrainingSpec* spec);

}  // namespace optfleet::trainer
