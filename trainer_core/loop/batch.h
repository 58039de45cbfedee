// Sequences as tensors.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>
#include <span>

#include "spec/data/tokens.h"

namespace optfleet::trainer {

// Both int64 [sequences, sequence_length] on the device; targets are the inputs one token further.
struct Batch {
  at::Tensor inputs;
  at::Tensor targets;
};

// The sequences of a part that begin at `starts`.
Batch MakeBatch(const data::Tokens& part, std::span<const int64_t> starts, int64_t sequence_length,
                at::Device device);

// Copies sequences that lie one after the other; both spans hold a whole number of them.
Batch MakeBatch(std::span<const int64_t> inputs, std::span<const int64_t> targets, int64_t sequence_length,
                at::Device device);

}  // namespace optfleet::trainer
