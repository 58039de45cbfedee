// The allocator behind all CPU tensors: counts every byte, refuses what would pass the limit, and keeps large
// blocks for reuse, since giving 100 MB back to the kernel and taking it again every step costs more than the
// arithmetic on it.
//
// Counted are the bytes asked for, each rounded up to 64. Blocks of 1 MiB and more come from the kernel in
// eight sizes per power of two, with huge pages, and are kept when freed; kept blocks are given back before a
// request is refused, so that live + kept bytes stay below the limit as well. Smaller ones come from the C
// library. Thread-safe. The process has one, and it is never destroyed: tensors may outlive main.
#pragma once

#include <c10/core/Allocator.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "trainer_core/memory/device_memory.h"

namespace optfleet::trainer {

class CpuAllocator final : public c10::Allocator {
 public:
  explicit CpuAllocator(int64_t limit_bytes) : limit_(limit_bytes) {}

  c10::DataPtr allocate(size_t bytes) override;  // throws c10::OutOfMemoryError
  c10::DeleterFnPtr raw_deleter() const override;
  void copy_data(void* destination, const void* source, std::size_t count) const override;

  MemoryUse Use() const;
  int64_t kept_bytes() const;  // freed large blocks that wait for reuse

 private:
  struct Header;  // in front of every block

  void Reserve(size_t counted);      // adds to live or throws
  void NoteRefusal(size_t counted);  // caller holds mutex_
  void* Take(size_t counted, size_t* capacity);
  void Free(void* data);
  void ReleaseKept();  // caller holds mutex_
  static void FreeBlock(void* data);

  mutable std::mutex mutex_;
  const int64_t limit_;
  int64_t live_ = 0;
  int64_t peak_ = 0;
  int64_t refused_ = 0;
  int64_t live_when_refused_ = 0;
  int64_t kept_ = 0;
  std::map<size_t, std::vector<void*>> free_blocks_;  // by capacity, header included
};

}  // namespace optfleet::trainer
