#include "trainer_core/rules/cuda/element_kernel.cuh"

namespace optfleet::rules::cuda {

OPTFLEET_DEVICE_UPDATES(BFloat16, float)

}  // namespace optfleet::rules::cuda
