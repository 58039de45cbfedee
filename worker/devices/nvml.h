// GPUs through NVIDIA's management library, opened at run time: a worker without a GPU needs no driver. One
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace optfleet::worker {

struct Gpu {
  int32_t index = 0;
  std::string uuid;  // "GPU-..."; names the device in CUDA_VISIBLE_DEVICES
  std::string model;
  int64_t memory_bytes = 0;
};

// `path` as for dlopen. NOT_FOUND if the library is not there (no driver); UNAVAILABLE if it is and fails,
// with NVML's words.
Result<std::vector<Gpu>> FindGpus(const std::string& path);

}  // namespace optfleet::worker
