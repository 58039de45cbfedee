#include "sweeps/point_numbers.h"

#include <cstring>

namespace optfleet::sweeps {
namespace {

constexpr size_t kFirstSlots = 64;

// Any bytes of a hash are as good as others.
size_t StartOf(const Sha256Digest& hash, size_t slots) {
  uint64_t word = 0;
  std::memcpy(&word, hash.data(), sizeof(word));
  return static_cast<size_t>(word) & (slots - 1);
}

}  // namespace

size_t PointNumbers::SlotOf(const Sha256Digest& hash) const {
  size_t slot = StartOf(hash, slots_.size());
  while (slots_[slot] != 0 && hashes_[static_cast<size_t>(slots_[slot]) - 1] != hash)
    slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

int32_t PointNumbers::Find(const Sha256Digest& hash) const {
  return slots_.empty() ? 0 : slots_[SlotOf(hash)];
}

int32_t PointNumbers::Add(const Sha256Digest& hash) {
  hashes_.push_back(hash);
  const auto number = static_cast<int32_t>(hashes_.size());
  if (2 * hashes_.size() <= slots_.size()) {
    slots_[SlotOf(hash)] = number;
    return number;
  }
  slots_.assign(slots_.empty() ? kFirstSlots : 2 * slots_.size(), 0);
  for (size_t i = 0; i < hashes_.size(); ++i) slots_[SlotOf(hashes_[i])] = static_cast<int32_t>(i) + 1;
  return number;
}

}  // namespace optfleet::sweeps
