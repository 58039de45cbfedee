// What a run will hold in memory, before it runs: one training step walked through on paper, tensor by
// tensor, in the order in which trainer_core makes and drops them. Pure; allocates nothing of the model's
// size.
//
// Weights, gradients and optimizer state are exact (spec/parameters.h). What is alive beside them depends on
// the moment, so the walk has phases, and the peak is that of the largest: docs/memory.md says which tensors
// are meant and how far measured runs are from it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "spec/parameters.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

// kCpu: what the counting allocator of trainer_core counts; each tensor rounded up to 64 bytes. kCuda: what
// the caching allocator hands out (512 bytes), plus what it and the libraries hold beside tensors.
enum class MemoryDevice { kCpu, kCuda };

// Bytes that are alive at one moment.
struct MemoryParts {
  int64_t weights = 0;
  int64_t gradients = 0;    // of weights, as far as the backward pass has come
  int64_t optimizer = 0;    // its state
  int64_t average = 0;      // of the weights, where `averaging` asks for one
  int64_t activations = 0;  // what the backward pass will read, and gradients on their way through a block
  int64_t logits = 0;       // and what the loss makes of them
  int64_t workspace = 0;    // batch, mask, bf16 copies of weights, temporaries of the optimizer
  int64_t slack = 0;        // rounding; on a GPU also what is held beside tensors
  int64_t total() const {
    return weights + gradients + optimizer + average + activations + logits + workspace + slack;
  }
};

// The parts by their names in files and tables: "weights" and so on.
std::array<std::pair<std::string_view, int64_t>, 8> Named(const MemoryParts& parts);

enum class MemoryPhase { kForward, kBackward, kUpdate, kValidation };
inline constexpr size_t kMemoryPhases = 4;
std::string_view NameOf(MemoryPhase phase);  // "forward"

struct MemoryPrediction {
  std::array<MemoryParts, kMemoryPhases> phases;  // the largest moment of each
  MemoryPhase peak_phase() const;
  const MemoryParts& peak() const { return phases[static_cast<size_t>(peak_phase())]; }
};

// The spec is resolved. With gradient accumulation the second microbatch counts, which finds the first one's
// gradients. Cost: some hundred additions per layer.
MemoryPrediction PredictMemory(const TrainingSpec& spec, MemoryDevice device);

}  // namespace optfleet::spec
