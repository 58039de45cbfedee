// The rules of factored_rules.cc in LibTorch's operations, for weights on a GPU: the same formulas, sums in
// fp64, roots rounded once; equal to the CPU's loops but for the rounding of products. Owned by the training
// thread.
#pragma once

#include "trainer_core/optim/rule.h"
#include "trainer_core/rules/factored.h"

namespace optfleet::trainer {

// How the second moments of a step age: held <- held + fresh (value - held), seen as held / correction.
struct AgingOfMoments {
  double fresh = 0;
  double correction = 1;
};

// Momentum over shared second moments. The states say which: first moment, then one moment for each of n
// equal stretches of the tensor, or those of rows and those of columns.
void StepSharedMomentOnDevice(const rules::FactoredMomentum& kernel, const AgingOfMoments& aging,
                              const RuleStep& step, Item& item);

// Adafactor of the paper.
void StepAdafactorOnDevice(const spec::OptimizerSpec& spec, double fresh, const RuleStep& step, Item& item);

}  // namespace optfleet::trainer
