#include "trainer_core/data/permutation.h"

#include <bit>
#include <cstddef>

namespace optfleet::trainer {

uint64_t MixBits(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

Permutation::Permutation(uint64_t size, uint64_t key) : size_(size) {
  const int bits = size > 1 ? std::bit_width(size - 1) : 1;
  half_bits_ = (bits + 1) / 2;
  for (size_t round = 0; round < round_keys_.size(); ++round)
    round_keys_[round] = MixBits(key + (round << 56));
}

uint64_t Permutation::Encrypt(uint64_t value) const {
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t left = value >> half_bits_;
  uint64_t right = value & mask;
  for (const uint64_t key : round_keys_) {
    const uint64_t next = left ^ (MixBits(right ^ key) & mask);
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

uint64_t Permutation::At(uint64_t index) const {
  uint64_t value = Encrypt(index);
  while (value >= size_) value = Encrypt(value);
  return value;
}

}  // namespace optfleet::trainer
