#include "sweeps/sweep_replay.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/text.h"
#include "sweeps/planned_memory.h"
#include "sweeps/search/random.h"
#include "sweeps/search/simulate.h"
#include "sweeps/stage_base.h"
#include "sweeps/stage_search.h"

namespace optfleet::sweeps {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
using Kind = ReplayEvent::Kind;

// Of what it starts from; empty: the objective.
std::string MetricOf(const StagePlan& stage) {
  Diagnostics none;
  const auto base = stage.base.empty() ? std::nullopt : ParseStageBase(stage.base, {}, &none);
  return base && base->by ? base->by->metric : std::string();
}

bool NeedsMemory(const Expansion& sweep) {
  return std::any_of(sweep.stages.begin(), sweep.stages.end(), [](const StagePlan& stage) {
    return stage.drawing == Drawing::kLargest || MetricOf(stage) == kPeakMemory;
  });
}

// Nothing is known of a diverged job but that.
bool HasValue(const ReplayJob& job) { return job.last != Kind::kDiverged && std::isfinite(job.value); }

Curve OutOfMemory(Curve curve) {
  curve.points = {{1, kInfinite}};
  return curve;
}

class Sweep {
 public:
  Sweep(const SweepInput& input, const Expansion& first, const SweepReplayPlan& plan, const CurveOf& curve_of)
      : input_(input),
        first_(first),
        plan_(plan),
        curve_of_(curve_of),
        needs_memory_(NeedsMemory(first)),
        memory_(first.resources.device == Resources::Device::kGpu ? spec::MemoryDevice::kCuda
                                                                  : spec::MemoryDevice::kCpu),
        replay_({.slots = plan.slots,
                 .halving = plan.keeps_rules ? first.halving : std::nullopt,
                 .stop = plan.keeps_rules ? first.stop : std::nullopt,
                 .maximize = first.objective.maximize}) {
    input_.progress = {.bases = {}, .axes = first.axes};
  }

  Result<SweepOutcome> Run() {
    OPTFLEET_RETURN_IF_ERROR(Train(first_, 0));
    for (size_t part = 1; part < first_.stages.size(); ++part) {
      StageStart start = ChooseStart(input_, [this](const std::string& hash, const std::string& metric) {
        return ValueOf(hash, metric);
      });
      const StagePlan& next = first_.stages[part];
      if (start.bases.empty() && !next.base.empty()) {
        outcome_.problem = "stage " + next.name + " cannot begin: no job has a value for " + next.base;
        break;
      }
      input_.progress.bases.push_back(std::move(start.bases));
      input_.progress.rounds.push_back(std::move(start.round));
      const ExpandResult expanded = ExpandSweep(input_);
      if (!expanded.expansion)
        return Fail(Code::kInvalidArgument,
                    "stage " + next.name + ": " + expanded.diagnostics.Sorted().front().message);
      OPTFLEET_RETURN_IF_ERROR(Train(*expanded.expansion, part));
    }
    return Finished();
  }

 private:
  Status Train(const Expansion& expansion, size_t part) {
    StageOutcome& stage = BeginPart(part);
    std::vector<Curve> curves;
    const size_t before = hashes_.size();
    for (const Job& job : expansion.jobs) {
      if (!known_.insert(job.hash).second) continue;
      auto curve = curve_of_(job);
      if (!curve) {
        OPTFLEET_RETURN_IF_ERROR(LeaveOut(expansion, job, part));
        ++stage.without_curve;
        continue;
      }
      if (needs_memory_) bytes_[job.hash] = memory_.Predict(job.spec)->peak().total();
      if (IsTooLarge(job, part)) curve = OutOfMemory(*std::move(curve));
      hashes_.push_back(job.hash);
      finals_.push_back(CostOf(FinalOf(*curve)));
      curves.push_back(Noisy(*std::move(curve), job));
    }
    const double device_seconds = replay_.result().device_seconds;
    const double seconds = replay_.result().seconds;
    replay_.Train(std::move(curves));
    stage.device_seconds += replay_.result().device_seconds - device_seconds;
    stage.seconds += replay_.result().seconds - seconds;
    stage.jobs += static_cast<int32_t>(hashes_.size() - before);
    for (size_t i = before; i < hashes_.size(); ++i) {
      const ReplayJob& job = replay_.result().jobs[i];
      stage.trained += job.last == Kind::kEnded ? 1 : 0;
      if (HasValue(job)) values_[hashes_[i]] = job.value;
    }
    return {};
  }

  StageOutcome& BeginPart(size_t part) {
    const bool is_round = part > 0 && (first_.in_rounds || first_.stages[part].round > 1);
    if (!is_round) {
      if (part > 0) replay_.BeginStage();
      const bool has_name = !first_.stages.empty() && !first_.in_rounds;
      outcome_.stages.push_back({.name = has_name ? first_.stages[part].name : ""});
    }
    StageOutcome& stage = outcome_.stages.back();
    ++stage.rounds;
    return stage;
  }

  Drawing DrawingOf(size_t part) const {
    return first_.stages.empty() ? Drawing::kGrid : first_.stages[part].drawing;
  }

  Status LeaveOut(const Expansion& expansion, const Job& job, size_t part) const {
    const Drawing drawing = DrawingOf(part);
    const bool in_its_place = input_.draws_at_random && drawing == Drawing::kRandom;
    if (drawing != Drawing::kTpe && drawing != Drawing::kLargest && !in_its_place) return {};
    std::string point;
    for (size_t axis = 0; axis < expansion.axes.size(); ++axis)
      point += (point.empty() ? "" : ", ") + expansion.axes[axis] + "=" + job.values[axis];
    return Fail(Code::kInvalidArgument,
                "the search tries " + point +
                    ", of which there is no curve: each point that it may propose needs "
                    "one of its own; simulate it on curves that are made up");
  }

  bool IsTooLarge(const Job& job, size_t part) const {
    return DrawingOf(part) == Drawing::kLargest && bytes_.at(job.hash) > first_.resources.memory_bytes;
  }

  double CostOf(double value) const {
    return std::isfinite(value) ? first_.objective.CostOf(value) : kInfinite;
  }

  // By what tells jobs apart, not by the hash: that has to do with where the data lies.
  Curve Noisy(Curve curve, const Job& job) const {
    std::string name;
    for (const std::string& value : job.values) name += value + "\n";
    Draws draws(SeedOf(name, plan_.seed));
    for (CurvePoint& point : curve.points) point.value += plan_.noise * draws.Normal();
    return curve;
  }

  std::optional<double> ValueOf(const std::string& hash, const std::string& metric) const {
    const auto value = values_.find(hash);
    if (value == values_.end()) return std::nullopt;
    if (metric == kPeakMemory) return static_cast<double>(bytes_.at(hash));
    return value->second;
  }

  SweepOutcome Finished() {
    const ReplayResult& result = replay_.result();
    outcome_.device_seconds = result.device_seconds;
    outcome_.seconds = result.seconds;
    for (const StageOutcome& stage : outcome_.stages) outcome_.trained += stage.trained;
    outcome_.least = kInfinite;
    for (const double one : finals_) outcome_.least = std::min(outcome_.least, one);
    if (result.best_job) outcome_.chosen = finals_[static_cast<size_t>(*result.best_job)];
    return std::move(outcome_);
  }

  SweepInput input_;
  const Expansion& first_;
  const SweepReplayPlan& plan_;
  const CurveOf& curve_of_;
  bool needs_memory_;
  MemoryPredictor memory_;
  Replay replay_;
  std::unordered_set<std::string> known_;           // hashes of all jobs that there were
  std::vector<std::string> hashes_;                 // of those with a curve, as the replay numbers them
  std::vector<double> finals_;                      // what these cost, without the noise
  std::unordered_map<std::string, double> values_;  // by hash, of those that have one
  std::unordered_map<std::string, int64_t> bytes_;  // by hash, where they are needed
  SweepOutcome outcome_;
};

}  // namespace

Status CheckReplay(const Expansion& sweep) {
  for (const StagePlan& stage : sweep.stages) {
    const std::string metric = MetricOf(stage);
    if (!metric.empty() && metric != sweep.objective.metric && metric != kPeakMemory)
      return Fail(Code::kInvalidArgument, "stage " + stage.name + " starts from the best by " + metric +
                                              ", of which a simulation knows nothing: only of " +
                                              sweep.objective.metric + " and of predicted memory");
    if (stage.drawing == Drawing::kLargest && sweep.resources.memory != Resources::Memory::kBytes)
      return Fail(Code::kInvalidArgument,
                  "what is the largest follows from the memory that a job may have: give it as "
                  "`resources.memory: 40GB`");
  }
  return {};
}

Result<SweepOutcome> ReplaySweep(const SweepInput& input, const Expansion& first, const SweepReplayPlan& plan,
                                 const CurveOf& curve_of) {
  return Sweep(input, first, plan, curve_of).Run();
}

}  // namespace optfleet::sweeps
