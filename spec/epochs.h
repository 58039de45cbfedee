// A budget in epochs (`budget.epochs`): passes over the training data, each of which visits every sequence of
// it once. How many steps they are is known where the data is: in the trainer, and in optctl if it can read
// the file. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/resolve.h"

namespace optfleet::spec {

// Steps that visit each of `sequences` so often: ceil(epochs x sequences / batch_size), at least one. The
// last one may begin another pass.
int64_t StepsOfEpochs(double epochs, int64_t sequences, int64_t batch_size);

// Puts steps in the place of the epochs of a resolved spec, and resolves what waited for them: shares of the
// run. Nothing to do for a spec without budget.epochs. Problems as those of Resolve.
std::vector<Problem> ResolveEpochs(int64_t sequences, TrainingSpec* spec);

}  // namespace optfleet::spec
