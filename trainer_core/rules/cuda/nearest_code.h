// The code of a value, one element at a time; the same steps as the passes of cpu/quantised.inc.
#pragma once

#include <cstdint>

#include "trainer_core/rules/cuda/code_tables.h"
#include "trainer_core/rules/element.h"

namespace optfleet::rules::cuda {

OPTFLEET_ELEMENT int32_t BitsOf(float x) {
  int32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

OPTFLEET_ELEMENT float FloatOf(int32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

// What values of a block are multiplied by before they are encoded.
OPTFLEET_ELEMENT float InverseOf(float largest) { return 1.0f / Greater(largest, 1e-38f); }

// Counted from the code of 0.
OPTFLEET_ELEMENT int32_t NearestMagnitude(float x, float inverse, const CodeTable& table) {
  const float magnitude = Lesser(Magnitude(x) * inverse, 1.0f);
  const int32_t cell = (BitsOf(magnitude) >> kCellShift) - static_cast<int32_t>(kFirstCell);
  const int32_t code = table.lowest[cell < 0 ? 0 : cell];
  return code + (magnitude > table.boundary[code] ? 1 : 0);
}

OPTFLEET_ELEMENT uint8_t UnsignedCode(float x, float inverse, const CodeTable& table) {
  return static_cast<uint8_t>(NearestMagnitude(x, inverse, table));
}

// A negative value stays negative: it never becomes 0, and -1 has no code.
OPTFLEET_ELEMENT uint8_t SignedCode(float x, float inverse, const CodeTable& table) {
  const int32_t code = NearestMagnitude(x, inverse, table);
  const int32_t below = code < 1 ? 1 : (code > table.zero ? table.zero : code);
  return static_cast<uint8_t>(x < 0 ? table.zero - below : table.zero + code);
}

}  // namespace optfleet::rules::cuda
