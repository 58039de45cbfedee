#include "trainer_core/memory/device_memory.h"

#ifdef OPTFLEET_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>
#endif

namespace optfleet::trainer {

#ifdef OPTFLEET_CUDA
namespace {

namespace caching = c10::cuda::CUDACachingAllocator;

// Peak and live bytes are the caching allocator's "allocated bytes": what tensors hold, without the blocks it
// keeps.
class CudaMemory final : public DeviceMemory {
 public:
  explicit CudaMemory(int64_t limit_bytes) : device_(c10::cuda::current_device()), limit_(limit_bytes) {
    size_t free_bytes = 0;
    size_t total_bytes = 0;
    if (cudaMemGetInfo(&free_bytes, &total_bytes) != cudaSuccess || total_bytes == 0) return;
    if (limit_ <= 0) limit_ = static_cast<int64_t>(total_bytes);
    const double share = static_cast<double>(limit_) / static_cast<double>(total_bytes);
    if (share < 1.0) caching::setMemoryFraction(share, device_);
  }

  MemoryUse Use() const override {
    const auto stats = caching::getDeviceStats(device_);
    const auto& bytes =
        stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    return {bytes.current, bytes.peak, limit_, 0, 0};
  }

 private:
  c10::DeviceIndex device_;
  int64_t limit_;
};

}  // namespace

std::unique_ptr<DeviceMemory> LimitCudaMemory(int64_t limit_bytes) {
  return std::make_unique<CudaMemory>(limit_bytes);
}
#else
std::unique_ptr<DeviceMemory> LimitCudaMemory(int64_t /*limit_bytes*/) { return nullptr; }
#endif

}  // namespace optfleet::trainer
