// One search over recorded curves, as the study and the benchmark do it. Pure.
#pragma once

#include <optional>
#include <string>

#include "tests/sweeps/search/curves.h"

namespace optfleet::sweeps::testing {

struct StudyPlan {
  int32_t slots = 4;
  double start_seconds = 0;
  bool is_fine = false;  // the rates are a continuous range (Refined) to TPE
  int32_t jobs = 28;     // of random, sobol and tpe
  double noise = 0.01;   // standard deviation of each value that the search sees
  HalvingPlan halving{.first_steps = 30, .factor = 3};
  MedianPlan median{.after = 30, .least_jobs = 5};
};

struct Found {
  double found = 0;         // what the best job comes to without the noise
  double regret = 0;        // above the best of all, in parts of that
  double device_share = 0;  // of the time that all jobs take
  double seconds = 0;       // until the last slot was free
};

// By "grid", "random", "sobol", "tpe", "halving", "median" or "halving_tpe" (halving of jobs that TPE
// chooses); nothing for another name. The seed gives the order of the jobs, the noise and the draws.
std::optional<Found> Search(const RecordedCurves& recorded, const std::string& method, const StudyPlan& plan,
                            int32_t seed);

}  // namespace optfleet::sweeps::testing
