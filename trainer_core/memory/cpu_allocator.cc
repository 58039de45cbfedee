#include "trainer_core/memory/cpu_allocator.h"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

namespace optfleet::trainer {
namespace {

constexpr size_t kAlignment = 64;        // a cache line, and what oneDNN wants
constexpr size_t kLargeBytes = 1 << 20;  // from here on blocks are kept
constexpr size_t kHugePageBytes = 2 << 20;

size_t RoundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Eight sizes per power of two: at most an eighth is wasted, and steps of slightly different shape find each
// other's blocks.
size_t LargeCapacity(size_t bytes) { return RoundUp(bytes, std::bit_floor(bytes) / 8); }

}  // namespace

struct alignas(kAlignment) CpuAllocator::Header {
  CpuAllocator* owner;
  size_t counted;   // bytes in live_
  size_t capacity;  // of a large block, header included; 0 for a small one
};

c10::DataPtr CpuAllocator::allocate(size_t bytes) {
  const c10::Device device(c10::DeviceType::CPU);
  if (bytes == 0) return {nullptr, nullptr, &FreeBlock, device};
  const size_t counted = RoundUp(bytes, kAlignment);
  Reserve(counted);
  size_t capacity = 0;
  void* block = Take(counted, &capacity);
  if (block == nullptr) {
    std::lock_guard lock(mutex_);
    live_ -= static_cast<int64_t>(counted);
    NoteRefusal(counted);
    TORCH_CHECK_WITH(OutOfMemoryError, false, "the machine has no memory for ", bytes, " more bytes");
  }
  auto* header = new (block) Header{this, counted, capacity};
  void* data = header + 1;
  return {data, data, &FreeBlock, device};
}

void CpuAllocator::Reserve(size_t counted) {
  std::lock_guard lock(mutex_);
  const auto more = static_cast<int64_t>(counted);
  if (limit_ > 0 && live_ + more > limit_) {
    NoteRefusal(counted);
    TORCH_CHECK_WITH(OutOfMemoryError, false, "the slot's memory does not hold ", more, " more bytes");
  }
  live_ += more;
  peak_ = std::max(peak_, live_);
}

void CpuAllocator::NoteRefusal(size_t counted) {
  refused_ = static_cast<int64_t>(counted);
  live_when_refused_ = live_;
}

void* CpuAllocator::Take(size_t counted, size_t* capacity) {
  const size_t wanted = counted + sizeof(Header);
  if (wanted < kLargeBytes) return std::aligned_alloc(kAlignment, wanted);
  *capacity = LargeCapacity(wanted);
  {
    std::lock_guard lock(mutex_);
    auto kept = free_blocks_.find(*capacity);
    if (kept != free_blocks_.end() && !kept->second.empty()) {
      void* block = kept->second.back();
      kept->second.pop_back();
      kept_ -= static_cast<int64_t>(*capacity);
      return block;
    }
    if (limit_ > 0 && live_ + kept_ > limit_) ReleaseKept();
  }
  void* block = mmap(nullptr, *capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return nullptr;
  // A wish only: kernels without huge pages refuse it and nothing is lost.
  if (*capacity >= kHugePageBytes) madvise(block, *capacity, MADV_HUGEPAGE);
  return block;
}

void CpuAllocator::FreeBlock(void* data) {
  if (data != nullptr) (static_cast<Header*>(data) - 1)->owner->Free(data);
}

void CpuAllocator::Free(void* data) {
  Header* header = static_cast<Header*>(data) - 1;
  const size_t capacity = header->capacity;
  {
    std::lock_guard lock(mutex_);
    live_ -= static_cast<int64_t>(header->counted);
    if (capacity != 0) {
      free_blocks_[capacity].push_back(header);
      kept_ += static_cast<int64_t>(capacity);
    }
  }
  if (capacity == 0) std::free(header);
}

void CpuAllocator::ReleaseKept() {
  for (auto& [capacity, blocks] : free_blocks_) {
    for (void* block : blocks) munmap(block, capacity);
  }
  free_blocks_.clear();
  kept_ = 0;
}

c10::DeleterFnPtr CpuAllocator::raw_deleter() const { return &FreeBlock; }

void CpuAllocator::copy_data(void* destination, const void* source, std::size_t count) const {
  std::memcpy(destination, source, count);
}

MemoryUse CpuAllocator::Use() const {
  std::lock_guard lock(mutex_);
  return {live_, peak_, limit_, refused_, live_when_refused_};
}

int64_t CpuAllocator::kept_bytes() const {
  std::lock_guard lock(mutex_);
  return kept_;
}

namespace {

class CpuMemory final : public DeviceMemory {
 public:
  explicit CpuMemory(const CpuAllocator* allocator) : allocator_(allocator) {}
  MemoryUse Use() const override { return allocator_->Use(); }

 private:
  const CpuAllocator* allocator_;
};

}  // namespace

std::unique_ptr<DeviceMemory> LimitCpuMemory(int64_t limit_bytes) {
  auto* allocator = new CpuAllocator(limit_bytes);  // never deleted: see the header
  c10::SetCPUAllocator(allocator, /*priority=*/100);
  return std::make_unique<CpuMemory>(allocator);
}

}  // namespace optfleet::trainer
