#include "sweeps/search/replay.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <queue>
#include <tuple>
#include <utility>

namespace optfleet::sweeps {
namespace {

using Kind = ReplayEvent::Kind;

std::vector<std::unique_ptr<StoppingRule>> RulesOf(const ReplayPlan& plan) {
  std::vector<std::unique_ptr<StoppingRule>> rules;
  if (plan.divergence) rules.push_back(std::make_unique<DivergenceRule>(*plan.divergence));
  if (plan.median) rules.push_back(std::make_unique<MedianRule>(*plan.median));
  if (plan.plateau) rules.push_back(std::make_unique<PlateauRule>(*plan.plateau));
  return rules;
}

// One run of it.
class Replayer {
 public:
  // Adds the next job to result.jobs; false if there are no more.
  using NextJob = std::function<bool(ReplayResult* result)>;

  Replayer(const ReplayPlan& plan, const std::vector<Curve>& curves, NextJob next_job)
      : plan_(plan),
        curves_(curves),
        next_job_(std::move(next_job)),
        rules_(RulesOf(plan)),
        halving_(plan.halving.value_or(HalvingPlan{}).factor),
        free_(std::max(plan.slots, 1)) {}

  ReplayResult Run() {
    FillSlots();
    while (!stops_.empty()) {
      const Stop stop = stops_.top();
      stops_.pop();
      now_ = stop.seconds;
      Arrive(stop.job, stop.step);
      FillSlots();
    }
    result_.seconds = now_;
    return std::move(result_);
  }

 private:
  // Where a running job is looked at next: a validation, a rung or its end.
  struct Stop {
    double seconds;
    int64_t order;  // of equal times the one that was foreseen first
    int32_t job;
    int64_t step;
    bool operator>(const Stop& other) const {
      return std::tie(seconds, order) > std::tie(other.seconds, other.order);
    }
  };

  struct Progress {
    size_t point = 0;  // next one
    size_t rung = 0;
    std::vector<int64_t> rungs;
  };

  const Curve& CurveOf(int32_t job) const {
    return curves_[static_cast<size_t>(result_.jobs[static_cast<size_t>(job)].curve)];
  }

  void Note(int32_t job, Kind kind, std::string reason = {}) {
    ReplayJob& at = result_.jobs[static_cast<size_t>(job)];
    at.last = kind;
    result_.events.push_back({now_, job, kind, at.step, std::move(reason)});
  }

  void FillSlots() {
    while (free_ > 0) {
      if (!waiting_.empty()) {
        const int32_t job = waiting_.front();
        waiting_.pop_front();
        Start(job, Kind::kWentOn);
      } else if (next_job_(&result_)) {
        const auto job = static_cast<int32_t>(result_.jobs.size() - 1);
        progress_.push_back({});
        if (plan_.halving) progress_.back().rungs = RungSteps(*plan_.halving, CurveOf(job).steps);
        Start(job, Kind::kStarted);
      } else if (!GoOnForTheEnd()) {
        return;
      }
    }
  }

  // Nothing runs and nothing is left, but no job came to its end: the best one does.
  bool GoOnForTheEnd() {
    if (!plan_.halving || result_.best_job || !stops_.empty()) return false;
    const std::optional<int32_t> best = halving_.PromoteBest();
    if (best) waiting_.push_back(*best);
    return best.has_value();
  }

  void Start(int32_t job, Kind kind) {
    --free_;
    Note(job, kind);
    Spend(job, plan_.start_seconds);
  }

  // Foresees the next stop of a running job, after so much else that its slot does first.
  void Spend(int32_t job, double seconds) {
    const Curve& curve = CurveOf(job);
    const Progress& progress = progress_[static_cast<size_t>(job)];
    int64_t step = curve.steps;
    if (progress.point < curve.points.size()) step = std::min(step, curve.points[progress.point].step);
    if (progress.rung < progress.rungs.size()) step = std::min(step, progress.rungs[progress.rung]);
    const int64_t from = result_.jobs[static_cast<size_t>(job)].step;
    seconds += static_cast<double>(step - from) * curve.seconds_per_step;
    result_.device_seconds += seconds;
    stops_.push({now_ + seconds, order_++, job, step});
  }

  void Arrive(int32_t job, int64_t step) {
    ReplayJob& at = result_.jobs[static_cast<size_t>(job)];
    Progress& progress = progress_[static_cast<size_t>(job)];
    const Curve& curve = CurveOf(job);
    at.step = step;
    std::optional<std::string> reason;
    if (progress.point < curve.points.size() && curve.points[progress.point].step == step) {
      at.value = curve.points[progress.point++].value;
      for (const auto& rule : rules_)
        if (auto said = rule->Add({job, step, at.value}); said && !reason) reason = std::move(said);
    }
    if (progress.point > 0 && !std::isfinite(at.value)) return Leave(job, Kind::kDiverged, {});
    if (step == curve.steps) return End(job);
    if (reason) return Leave(job, Kind::kStopped, *reason);
    if (progress.rung < progress.rungs.size() && progress.rungs[progress.rung] == step) return Pause(job);
    Spend(job, 0);
  }

  void End(int32_t job) {
    ++free_;
    Note(job, Kind::kEnded);
    const double value = result_.jobs[static_cast<size_t>(job)].value;
    if (!std::isfinite(value) || (result_.best_job && value >= result_.best_value)) return;
    result_.best_job = job;
    result_.best_value = value;
  }

  // What diverged is the worst of the rung that it would have come to next.
  void Leave(int32_t job, Kind kind, std::string reason) {
    ++free_;
    Note(job, kind, std::move(reason));
    const Progress& progress = progress_[static_cast<size_t>(job)];
    if (kind != Kind::kDiverged || progress.rung >= progress.rungs.size()) return;
    halving_.Reach(job, static_cast<int32_t>(progress.rung), std::numeric_limits<double>::infinity());
    halving_.Leave(job);
    Promote();
  }

  void Pause(int32_t job) {
    ++free_;
    const ReplayJob& at = result_.jobs[static_cast<size_t>(job)];
    const auto rung = static_cast<int32_t>(progress_[static_cast<size_t>(job)].rung++);
    halving_.Reach(job, rung, at.value);
    Note(job, Kind::kPaused, halving_.RankText(job, rung, at.step));
    Promote();
  }

  void Promote() {
    for (const int32_t job : halving_.Promote()) waiting_.push_back(job);
  }

  const ReplayPlan& plan_;
  const std::vector<Curve>& curves_;
  NextJob next_job_;
  std::vector<std::unique_ptr<StoppingRule>> rules_;
  Halving halving_;
  int32_t free_;
  double now_ = 0;
  int64_t order_ = 0;
  std::vector<Progress> progress_;
  std::deque<int32_t> waiting_;  // may go on
  std::priority_queue<Stop, std::vector<Stop>, std::greater<>> stops_;
  ReplayResult result_;
};

History HistoryOf(const std::vector<ReplayJob>& jobs) {
  History history;
  for (const ReplayJob& job : jobs) {
    Trial trial{.number = static_cast<int32_t>(history.size()), .point = job.point, .value = job.value};
    const bool runs = job.last == Kind::kStarted || job.last == Kind::kWentOn;
    trial.state = job.last == Kind::kDiverged ? Trial::State::kFailed
                  : runs                      ? Trial::State::kRunning
                                              : Trial::State::kEnded;
    history.push_back(std::move(trial));
  }
  return history;
}

}  // namespace

ReplayResult ReplayOrder(const ReplayPlan& plan, const std::vector<Curve>& curves,
                         const std::vector<int32_t>& order) {
  const auto next_job = [&order](ReplayResult* result) {
    if (result->jobs.size() == order.size()) return false;
    result->jobs.push_back({.curve = order[result->jobs.size()]});
    return true;
  };
  return Replayer(plan, curves, next_job).Run();
}

ReplayResult ReplaySearch(const ReplayPlan& plan, const std::vector<Curve>& curves, const Proposer& proposer,
                          int32_t jobs, const std::function<int32_t(const Point&)>& curve_of) {
  const auto next_job = [&](ReplayResult* result) {
    const auto number = static_cast<int32_t>(result->jobs.size());
    if (number >= jobs) return false;
    Point point = proposer.Propose(number, HistoryOf(result->jobs));
    const int32_t curve = curve_of(point);
    result->jobs.push_back({.curve = curve, .point = std::move(point)});
    return true;
  };
  return Replayer(plan, curves, next_job).Run();
}

}  // namespace optfleet::sweeps
