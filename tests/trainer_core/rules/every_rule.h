// One rule of each kind, and numbers to try them on.
#pragma once

#include <cstdint>

#include "trainer_core/rules/element.h"

namespace optfleet::rules {

// Figures in [-1, 1) that are the same everywhere.
class Noise {
 public:
  explicit Noise(uint32_t seed) : state_(seed) {}
  float operator()() {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<float>(static_cast<int32_t>(state_) >> 8) / static_cast<float>(1 << 23);
  }

 private:
  uint32_t state_;
};

inline constexpr PlainSgd kPlainSgd{0.1f, 0.01f, 0.01f};
inline constexpr MomentumSgd kMomentumSgd{0.1f, 0.01f, 0.01f, 0.9f, 0.7f, 1.0f, 0.9f};
inline constexpr Adam kAdam{0.01f, 0.001f, 0.01f, 0.1f, 0.95f, 0.05f, 1.7f, 1e-8f};
inline constexpr Lion kLion{0.01f, 0.001f, 0.9f, 0.1f, 0.99f, 0.01f};
inline constexpr AdEmaMix kAdEmaMix{0.01f, 0.001f, 0.1f, 0.95f, 0.05f, 1e-4f, 1.9f, 5.0f, 1.7f, 1e-8f};
inline constexpr ScheduleFreeSgd kScheduleFreeSgd{0.1f, 0.01f, 0.2f, -0.03f};
inline constexpr ScheduleFreeAdamW kScheduleFreeAdamW{0.01f, 0.1f, 0.95f, 0.05f, 1.7f, 1e-8f, 0.2f, -0.003f};
inline constexpr Sophia kSophia{0.01f, 0.001f, 0.1f, 5.0f};
inline constexpr SophiaCurvature kCurvature{0.9f, 0.1f};

// Calls check(rule) with every rule.
template <class Check>
void ForEveryRule(Check check) {
  check(kPlainSgd);
  check(kMomentumSgd);
  check(kAdam);
  check(kLion);
  check(kAdEmaMix);
  check(kScheduleFreeSgd);
  check(kScheduleFreeAdamW);
  check(kSophia);
  check(kCurvature);
}

}  // namespace optfleet::rules
