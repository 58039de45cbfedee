// Numbers that look random and are not: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
// number generators", OOPSLA 2014). The same seed gives the same numbers everywhere. Values of one thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace optfleet::sweeps {

inline constexpr uint64_t kGoldenGamma = 0x9E3779B97F4A7C15U;

// The finalizer: neighbouring numbers come far apart.
constexpr uint64_t Mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

// Of each key by itself, so that a further key changes nothing of the others.
constexpr uint64_t SeedOf(std::string_view key, int32_t seed) {
  uint64_t hash = Mixed(static_cast<uint64_t>(seed) + kGoldenGamma);
  for (const char c : key) hash = Mixed(hash ^ static_cast<unsigned char>(c));
  return hash;
}

class Draws {
 public:
  explicit constexpr Draws(uint64_t seed) : state_(seed) {}

  constexpr uint64_t Next() { return Mixed(state_ += kGoldenGamma); }
  // From 0, below 1, in steps of 2^-53.
  constexpr double Share() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  // Standard normal (Box and Muller, 1958).
  double Normal() {
    const double radius = std::sqrt(-2 * std::log(1 - Share()));
    return radius * std::cos(2 * std::numbers::pi * Share());
  }

 private:
  uint64_t state_;
};

}  // namespace optfleet::sweeps
