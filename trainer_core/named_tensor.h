// Tensors by name, in a fixed order. The names are part of the checkpoint format.
#pragma once

#include <ATen/core/TensorBody.h>

#include <string>
#include <vector>

namespace optfleet::trainer {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};
using NamedTensors = std::vector<NamedTensor>;

}  // namespace optfleet::trainer
