// How numbers lie in memory; arithmetic is always fp32.
#pragma once

#include <cstdint>

#include "trainer_core/rules/element.h"

namespace optfleet::rules {

// The upper half of an fp32, rounded to nearest even; what Torch calls BFloat16.
struct BFloat16 {
  uint16_t bits = 0;
};

OPTFLEET_ELEMENT float Load(const float& x) { return x; }
OPTFLEET_ELEMENT void Store(float x, float* to) { *to = x; }

OPTFLEET_ELEMENT float Load(const BFloat16& x) {
  const uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

OPTFLEET_ELEMENT void Store(float x, BFloat16* to) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t quiet_nan = (bits >> 16) | 0x40u;
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  to->bits = static_cast<uint16_t>(is_nan ? quiet_nan : rounded);
}

}  // namespace optfleet::rules
