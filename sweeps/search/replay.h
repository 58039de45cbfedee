// What a search would have cost: jobs whose curves are known, on slots, in virtual time, with the classes
// that decide in earnest. For `optctl plan --simulate` and for the study in docs/search.md.
//
// Pure: the same plan and curves give the same events.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sweeps/search/halving.h"
#include "sweeps/search/proposer.h"
#include "sweeps/search/stop_rules.h"

namespace optfleet::sweeps {

struct CurvePoint {
  int64_t step = 0;
  double value = 0;  // at the first that is not finite the job ends as diverged
};

// What a job does if it is left alone. Its result is the last value.
struct Curve {
  std::vector<CurvePoint> points;  // validations, ascending
  int64_t steps = 0;               // of the whole job
  double seconds_per_step = 0;     // with the validations
};

struct ReplayPlan {
  int32_t slots = 1;
  double start_seconds = 0;  // of a slot, each time that a job starts or goes on
  std::optional<HalvingPlan> halving = {};
  std::optional<StopPlan> stop = {};
  bool maximize = false;  // more is better
};

struct ReplayEvent {
  enum class Kind : uint8_t { kStarted, kPaused, kWentOn, kStopped, kDiverged, kEnded };
  double seconds = 0;
  int32_t job = 0;
  Kind kind = Kind::kStarted;
  int64_t step = 0;
  std::string reason = {};  // of kPaused and of what a rule ended
};

struct ReplayJob {
  int32_t curve = 0;
  Point point = {};  // if it was proposed
  int64_t step = 0;  // how far it came
  // The last value it had, infinite before it has one; a paused job's is the one of its rung.
  double value = std::numeric_limits<double>::infinity();
  ReplayEvent::Kind last = ReplayEvent::Kind::kStarted;
};

struct ReplayResult {
  double device_seconds = 0;
  double seconds = 0;  // until the last slot was free
  std::vector<ReplayJob> jobs;
  std::optional<int32_t> best_job;  // of those that ended; the first of equal ones
  double best_value = std::numeric_limits<double>::infinity();  // infinite without it
  std::vector<ReplayEvent> events;                              // ascending in time
};

// Jobs that come in portions, each once nothing is left to do of those before: the rounds and stages of a
// sweep. One thread.
class Replay {
 public:
  explicit Replay(const ReplayPlan& plan);
  ~Replay();

  // What comes from here on competes at rungs, and is measured by rules, without the jobs before.
  void BeginStage();

  // Trains these jobs, in this order, behind those that it has had; ReplayJob::curve counts all. What pauses
  // at the end is over.
  void Train(std::vector<Curve> curves);

  const ReplayResult& result() const;

 private:
  std::unique_ptr<class Replayer> replayer_;
  std::vector<std::unique_ptr<const Curve>> curves_;
};

// These jobs, in this order: a grid, or points that were drawn before.
ReplayResult ReplayOrder(const ReplayPlan& plan, const std::vector<Curve>& curves,
                         const std::vector<int32_t>& order);

// So many jobs that a proposer chooses, when their turn comes. To it a job that was stopped or paused has
// ended with the value it had, and one that diverged has failed.
ReplayResult ReplaySearch(const ReplayPlan& plan, const std::vector<Curve>& curves, const Proposer& proposer,
                          int32_t jobs, const std::function<int32_t(const Point&)>& curve_of);

}  // namespace optfleet::sweeps
