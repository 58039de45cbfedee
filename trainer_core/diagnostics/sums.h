// Sums over tensors of any size to some seven digits: on a CPU pieces of fp32 are added up in fp64, in an
// order that depends on the size alone. No tensor of more than a piece is made there. Owned by the training
// thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>
#include <functional>

namespace optfleet::trainer {

// Elements [begin, begin + size) of what is to be summed. Called by any thread.
using PieceOf = std::function<at::Tensor(int64_t begin, int64_t size)>;

// fp64 scalars on the device of `like`, over its number of elements.
at::Tensor SumOfSquares(const at::Tensor& like, const PieceOf& piece);
at::Tensor SumOf(const at::Tensor& like, const PieceOf& piece);

at::Tensor SumOfSquares(const at::Tensor& tensor);
// Of two tensors of the same size.
at::Tensor Dot(const at::Tensor& a, const at::Tensor& b);
at::Tensor SumOfSquaredDifference(const at::Tensor& a, const at::Tensor& b);

// A tensor in one dimension, not recorded by autograd.
at::Tensor Flat(const at::Tensor& tensor);
// Part of a flat tensor, as fp32.
at::Tensor Part(const at::Tensor& flat, int64_t begin, int64_t size);

}  // namespace optfleet::trainer
