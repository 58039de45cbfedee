// How long the phases of one step took. Owned by the training thread.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

namespace optfleet::trainer {

// kRest: what is in no other phase; kDiagnostics: these figures themselves.
enum class Phase { kRest, kData, kForward, kBackward, kOptimizer, kDiagnostics };
inline constexpr std::array<std::string_view, 6> kPhaseNames{"rest",     "data",      "forward",
                                                             "backward", "optimizer", "diagnostics"};

class PhaseClock {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;
  explicit PhaseClock(Now now) : now_(std::move(now)) {}

  void Start() {
    seconds_.fill(0);
    phase_ = Phase::kRest;
    since_ = now_();
  }
  // Ends the phase that runs.
  void Enter(Phase phase) {
    const auto now = now_();
    seconds_[static_cast<size_t>(phase_)] += std::chrono::duration<double>(now - since_).count();
    since_ = now;
    phase_ = phase;
  }
  double SecondsOf(Phase phase) const { return seconds_[static_cast<size_t>(phase)]; }

 private:
  const Now now_;
  std::array<double, kPhaseNames.size()> seconds_{};
  Phase phase_ = Phase::kRest;
  std::chrono::steady_clock::time_point since_;
};

}  // namespace optfleet::trainer
