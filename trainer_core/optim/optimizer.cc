#include "trainer_core/optim/optimizer.h"

#include <cstdlib>

#include "trainer_core/optim/adam.h"
#include "trainer_core/optim/sgd.h"

namespace optfleet::trainer {

std::unique_ptr<Optimizer> MakeOptimizer(const spec::OptimizerSpec& spec, const NamedTensors& parameters) {
  switch (spec.name) {
    case spec::OptimizerKind::kSgd:
      return std::make_unique<Sgd>(spec, parameters);
    case spec::OptimizerKind::kAdam:
    case spec::OptimizerKind::kAdamW:
      return std::make_unique<Adam>(spec, parameters);
  }
  std::abort();  // a kind that is not in the enum
}

}  // namespace optfleet::trainer
