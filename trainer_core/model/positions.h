// Where positions enter a model that does not learn them.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>
#include <vector>

namespace optfleet::trainer {

// arXiv 1706.03762: [length, width]; at position p the numbers 2i and 2i + 1 are the sine and the cosine of
// p / 10000^(2i / width). Width is even.
at::Tensor SinusoidalTable(int64_t length, int64_t width, const at::TensorOptions& form);

// Rotary positions (arXiv 2104.09864) in the half-rotation form of GPT-NeoX and Llama: number i of a head and
// number i + head_width / 2 are a pair, turned by p / base^(2i / head_width). Tables [length, head_width /
// 2], angles in fp32.
struct RotaryTables {
  at::Tensor cosines, sines;  // undefined: no rotary positions
};
RotaryTables MakeRotaryTables(int64_t length, int64_t head_width, double base, at::Device device);
// heads: [..., length, head_width], turned in fp32; the result has their type. Tables may be longer.
at::Tensor Rotate(const at::Tensor& heads, const RotaryTables& tables);

// ALiBi (arXiv 2108.12409): 2^(-8 k / n), k = 1..n, for n heads that are a power of two. Other numbers take
// those of the largest power of two below, then every other one (the first, the third, ...) of twice as many.
std::vector<double> AlibiSlopes(int64_t heads);
// What is added to scores, [heads, length, length]: slope x (key - query), -infinity where a query may not
// look.
at::Tensor AlibiMask(int64_t heads, int64_t length, const at::TensorOptions& form);

}  // namespace optfleet::trainer
