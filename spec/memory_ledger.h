// The books of spec/memory.h: what is alive, by part, and the largest moment of each phase.
#pragma once

#include <cstdint>

#include "spec/memory.h"

namespace optfleet::spec {

using MemoryPart = int64_t MemoryParts::*;

// A tensor on paper.
struct Holding {
  MemoryPart part = &MemoryParts::activations;
  int64_t bytes = 0;  // 0: none
};

class MemoryLedger {
 public:
  // Every tensor is rounded up to `unit` bytes; the rounding counts as slack.
  explicit MemoryLedger(int64_t unit) : unit_(unit) {}

  void Enter(MemoryPhase phase);
  Holding Hold(MemoryPart part, int64_t bytes);
  // Several tensors, to the end: `rounded` is the sum of their rounded sizes.
  void HoldMany(MemoryPart part, int64_t bytes, int64_t rounded);
  void Drop(Holding holding);
  // Alive for a moment only.
  void Touch(MemoryPart part, int64_t bytes) { Drop(Hold(part, bytes)); }

  const MemoryParts& live() const { return live_; }
  const MemoryPrediction& prediction() const { return prediction_; }

 private:
  int64_t Rounding(int64_t bytes) const { return (unit_ - bytes % unit_) % unit_; }

  const int64_t unit_;
  MemoryPhase phase_ = MemoryPhase::kForward;
  MemoryParts live_;
  int64_t total_ = 0;
  std::array<int64_t, kMemoryPhases> peaks_{};
  MemoryPrediction prediction_;
};

}  // namespace optfleet::spec
