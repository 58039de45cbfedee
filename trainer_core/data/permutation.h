// A random order of 0 .. size-1 that needs no memory: a balanced Feistel network of four rounds over the next
// power of four, walked until it lands inside (Black and Rogaway, "Ciphers with arbitrary finite domains",
// 2002: cycle walking). Every index comes exactly once. Pure: the same size and key give the same order on
// every machine.
#pragma once

#include <array>
#include <cstdint>

namespace optfleet::trainer {

class Permutation {
 public:
  // size at least 1.
  Permutation(uint64_t size, uint64_t key);

  // index < size. Four steps of the network on average at the most, since the domain is less than four times
  // `size`.
  uint64_t At(uint64_t index) const;

 private:
  uint64_t Encrypt(uint64_t value) const;

  uint64_t size_;
  int half_bits_;
  std::array<uint64_t, 4> round_keys_;
};

// SplitMix64 (Steele, Lea, Flood 2014): turns related numbers into unrelated ones.
uint64_t MixBits(uint64_t value);

}  // namespace optfleet::trainer
