// Sequences of a part as tensors.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>
#include <span>

namespace optfleet::trainer {

// Both int64 [sequences, sequence_length] on the device; targets are the inputs one token further.
struct Batch {
  at::Tensor inputs;
  at::Tensor targets;
};

Batch MakeBatch(std::span<const uint8_t> part, std::span<const int64_t> starts, int64_t sequence_length,
                at::Device device);

}  // namespace optfleet::trainer
