// What a run needs of its device's memory, measured and limited the same way on CPU and GPU.
//
// CPU: an allocator of our own behind all of LibTorch's tensors (cpu_allocator.h). GPU: the caching
// allocator's statistics, and its limit as a share of the device. What does not pass through an allocator is
// not counted: the program itself, oneDNN's packed weights, the data file's pages.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace optfleet::trainer {

struct MemoryUse {
  int64_t live_bytes = 0;               // in tensors now
  int64_t peak_bytes = 0;               // most that was live at once since the start of the process
  int64_t limit_bytes = 0;              // 0: none
  int64_t refused_bytes = 0;            // size of the last request that did not fit; 0: none was refused
  int64_t live_when_refused_bytes = 0;  // in tensors at that moment
};

// One for the process, made before the first tensor. Use() may be called from any thread.
class DeviceMemory {
 public:
  virtual ~DeviceMemory() = default;
  virtual MemoryUse Use() const = 0;
};

// limit_bytes 0: no limit. From then on a tensor that does not fit throws c10::OutOfMemoryError where it is
// made.
std::unique_ptr<DeviceMemory> LimitCpuMemory(int64_t limit_bytes);
// The current CUDA device; a build without CUDA returns nothing.
std::unique_ptr<DeviceMemory> LimitCudaMemory(int64_t limit_bytes);

// "17.2 MiB more were refused: 240.0 MiB of the slot's 256.0 MiB were in use (peak 251.3 MiB)".
std::string DescribeRefusal(const MemoryUse& use);

}  // namespace optfleet::trainer
