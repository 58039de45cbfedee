// Bounds of a whole sweep, past which it pauses: too many of its jobs came to nothing, or it has had its
// share of the devices.
//
// Pure; usable from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace optfleet::sweeps {

// So many jobs, or a share of those that have ended.
struct JobsOrShare {
  double share = 0;  // above 0: it counts
  int32_t jobs = 0;
  friend bool operator==(const JobsOrShare&, const JobsOrShare&) = default;
};

struct GuardPlan {
  std::optional<JobsOrShare> diverged = {};  // that many may
  std::optional<JobsOrShare> failed = {};
  int32_t after = 10;       // jobs that must have ended before a share counts
  double device_hours = 0;  // time of running attempts times the slots that each holds; 0: no limit
  bool empty() const { return !diverged && !failed && device_hours == 0; }
  friend bool operator==(const GuardPlan&, const GuardPlan&) = default;
};

// What has come of a sweep.
struct SweepSoFar {
  int32_t ended = 0;  // jobs, with what follows
  int32_t diverged = 0;
  int32_t failed = 0;
  double device_hours = 0;
};

// "1.5 device hours", "30 device minutes", "8 device seconds": to so many significant digits, or whole.
std::string DeviceTimeText(double hours, int digits = 4);

// Why the sweep should not go on now, if it should not: "9 of 20 jobs that have ended diverged, more than
// 30%". A limit of device hours is reached with the last of them, the others when they are exceeded.
std::optional<std::string> WhyOver(const GuardPlan& plan, const SweepSoFar& so_far);

}  // namespace optfleet::sweeps
