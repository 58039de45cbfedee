#include "sweeps/point_numbers.h"

#include <cstring>
#include <utility>

namespace optfleet::sweeps {
namespace {

constexpr size_t kFirstSlots = 64;

// Any bytes of a hash are as good as others.
uint32_t TagOf(const Sha256Digest& hash) {
  uint32_t tag = 0;
  std::memcpy(&tag, hash.data(), sizeof(tag));
  return tag;
}

}  // namespace

PointNumbers::Numbered PointNumbers::Add(const Sha256Digest& hash) {
  if (2 * (hashes_.size() + 1) > slots_.size()) Grow();
  const uint32_t tag = TagOf(hash);
  const size_t mask = slots_.size() - 1;
  size_t at = tag & mask;
  for (; slots_[at].number != 0; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.tag == tag && hashes_[static_cast<size_t>(slot.number) - 1] == hash) return {slot.number, false};
  }
  hashes_.push_back(hash);
  slots_[at] = {tag, static_cast<int32_t>(hashes_.size())};
  return {slots_[at].number, true};
}

void PointNumbers::Grow() {
  const std::vector<Slot> before = std::exchange(slots_, {});
  slots_.resize(before.empty() ? kFirstSlots : 2 * before.size());
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : before) {
    if (slot.number == 0) continue;
    size_t at = slot.tag & mask;
    while (slots_[at].number != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

}  // namespace optfleet::sweeps
