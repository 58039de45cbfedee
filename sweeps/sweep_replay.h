// What a whole sweep would cost and find, in virtual time: its stages and rounds one after another, each from
// what the jobs before came to. What is expanded, chosen, proposed, promoted and stopped is so by the code
// that does it in earnest (ExpandSweep, ChooseStart, sweeps/search/replay.h).
//
// Pure: the same input, plan and curves give the same outcome.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "sweeps/expand.h"
#include "sweeps/search/replay.h"

namespace optfleet::sweeps {

// What a job does; nothing if nobody knows, and the job is left out.
using CurveOf = std::function<std::optional<Curve>(const Job& job)>;

struct SweepReplayPlan {
  int32_t slots = 1;
  bool keeps_rules = true;  // false: without rungs and rules, each job to its end
  double noise = 0;         // standard deviation on every value that decides
  int32_t seed = 1;         // of the noise; a job has the same in every replay
};

// Of a stage, with all its rounds.
struct StageOutcome {
  std::string name;  // empty of a sweep without stages
  double device_seconds = 0;
  double seconds = 0;
  int32_t rounds = 0;
  int32_t jobs = 0;           // new ones, that have a curve
  int32_t trained = 0;        // to their ends
  int32_t without_curve = 0;  // jobs that were left out
};

struct SweepOutcome {
  std::vector<StageOutcome> stages;  // that began
  double device_seconds = 0;
  double seconds = 0;   // until the last slot was free
  int32_t trained = 0;  // jobs that came to their end
  std::string problem;  // why a further stage did not begin; empty if all did
  // Costs (Objective::CostOf), without the noise.
  std::optional<double> chosen;  // of the job that it holds for the best; nothing if none came to its end
  double least = 0;              // of the best of all jobs that were tried; infinite if all diverge
};

// Whether a sweep can be replayed at all: INVALID_ARGUMENT if a stage starts from the best by a figure that
// no curve has, or looks for the largest where it is not known what fits. `sweep`: its expansion without
// progress.
Status CheckReplay(const Expansion& sweep);

// `first`: the expansion of `input`, without progress. INVALID_ARGUMENT if a later stage has mistakes that
// only show from its bases, and if a point that a search proposes has no curve.
Result<SweepOutcome> ReplaySweep(const SweepInput& input, const Expansion& first, const SweepReplayPlan& plan,
                                 const CurveOf& curve_of);

}  // namespace optfleet::sweeps
