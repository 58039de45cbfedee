#include "trainer_core/optim/cuda/stream.h"

#ifdef OPTFLEET_CUDA
#include <c10/cuda/CUDAStream.h>
#endif

namespace optfleet::trainer {

rules::cuda::Stream CurrentStream() {
#ifdef OPTFLEET_CUDA
  return c10::cuda::getCurrentCUDAStream().stream();
#else
  return nullptr;
#endif
}

}  // namespace optfleet::trainer
