#include "trainer_core/rules/cuda/element_kernel.cuh"

namespace optfleet::rules::cuda {

OPTFLEET_ALL_ON_DEVICE(BFloat16, BFloat16)

}  // namespace optfleet::rules::cuda
