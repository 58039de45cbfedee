// Softmax over the last dimension, in fp32 or, to show what that does, in bf16. One thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include "spec/training_spec.h"

namespace optfleet::trainer {

// fp32 in, out and in between whatever x is; or every operation rounded to bf16, as frameworks do that do not
// widen: sums of probabilities then miss 1 by up to 2^-8.
at::Tensor Softmax(const at::Tensor& x, spec::SoftmaxPrecision precision);
at::Tensor LogSoftmax(const at::Tensor& x, spec::SoftmaxPrecision precision);

}  // namespace optfleet::trainer
