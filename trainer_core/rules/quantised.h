// Rules whose state is held in 8 bits: one code per element and one fp32 scale per block of elements (arXiv
// 2110.02861). A step decodes a block, runs the rule of element.h in fp32, and encodes the new state by the
// nearest code of value / (largest magnitude of the block). No Torch here. Any thread; pure apart from the
// arrays.
#pragma once

#include <cstdint>

#include "trainer_core/rules/element.h"

namespace optfleet::rules {

inline constexpr int kMostBlock = 2048;

struct QuantisedState {
  uint8_t* codes = nullptr;
  float* scales = nullptr;  // one per block, the last block may be short
};

struct QuantisedElements {
  float* weight = nullptr;
  const float* gradient = nullptr;
  QuantisedState momentum;       // signed codes; a value keeps its sign, as in bitsandbytes
  QuantisedState second_moment;  // unsigned codes; Adam only
  int64_t count = 0;             // from the beginning of a block
  int block = 256;               // elements of one, at most kMostBlock
};

void Update(const Adam& rule, const GradientTransform& transform, const QuantisedElements& elements);
void Update(const Lion& rule, const GradientTransform& transform, const QuantisedElements& elements);

}  // namespace optfleet::rules
