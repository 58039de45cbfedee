// The stream that LibTorch's kernels of this thread run on.
#pragma once

#include "trainer_core/rules/cuda/update.h"

namespace optfleet::trainer {

// The default stream in a build without CUDA, where nothing is queued.
rules::cuda::Stream CurrentStream();

}  // namespace optfleet::trainer
