// Products of bf16 matrices on a CPU that has no instructions for them. LibTorch's fallback there takes
// twenty times as long as its fp32 products; these widen tiles to fp32, multiply, and round what comes out:
// the same definition (bf16 in, sums in fp32, bf16 out), at nearly the speed of fp32.
//
// Any strides. Scratch is three tiles of 4 MiB, stays with the process, and is not of the slot's allocator,
// as oneDNN's is not. One thread at a time; LibTorch's threads share the work.
#pragma once

#include <ATen/core/TensorBody.h>

namespace optfleet::trainer::wide {

at::Tensor Mm(const at::Tensor& a, const at::Tensor& b);   // [m, k] x [k, n]
at::Tensor Bmm(const at::Tensor& a, const at::Tensor& b);  // [batch, m, k] x [batch, k, n]
// beta x input + alpha x product, rounded once; input broadcasts to the product's shape.
at::Tensor Addmm(const at::Tensor& input, const at::Tensor& a, const at::Tensor& b, double beta,
                 double alpha);
at::Tensor Baddbmm(const at::Tensor& input, const at::Tensor& a, const at::Tensor& b, double beta,
                   double alpha);

}  // namespace optfleet::trainer::wide
