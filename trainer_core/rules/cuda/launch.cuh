// What every launch does. For nvcc only.
#pragma once

#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

namespace optfleet::rules::cuda {

inline void CheckLaunch() {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess)
    throw std::runtime_error(std::string("an update of weights could not be started on the GPU: ") +
                             cudaGetErrorString(error));
}

}  // namespace optfleet::rules::cuda
