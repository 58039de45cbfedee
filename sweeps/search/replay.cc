#include "sweeps/search/replay.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <queue>
#include <tuple>
#include <utility>

namespace optfleet::sweeps {

using Kind = ReplayEvent::Kind;

// One run of it.
class Replayer {
 public:
  // The next job; nothing if there are no more. The curve outlives the run.
  struct NextJob {
    int32_t number = 0;  // of the curve
    const Curve* curve = nullptr;
    Point point = {};
  };
  using Source = std::function<std::optional<NextJob>(const ReplayResult& result)>;

  explicit Replayer(const ReplayPlan& plan) : plan_(plan), halving_(0), free_(std::max(plan.slots, 1)) {
    BeginStage();
  }

  void BeginStage() {
    halving_ = Halving(plan_.halving.value_or(HalvingPlan{}).factor);
    rules_.reset();
    if (plan_.stop) rules_.emplace(*plan_.stop, plan_.maximize);
    finished_ = 0;
  }

  void Run(const Source& source) {
    source_ = &source;
    FillSlots();
    while (!stops_.empty()) {
      const Stop stop = stops_.top();
      stops_.pop();
      now_ = stop.seconds;
      Arrive(stop.job, stop.step);
      FillSlots();
    }
    result_.seconds = now_;
    for (size_t job = 0; job < result_.jobs.size(); ++job)
      if (result_.jobs[job].last == Kind::kPaused) halving_.Leave(static_cast<int32_t>(job));
  }

  const ReplayResult& result() const { return result_; }
  ReplayResult TakeResult() { return std::move(result_); }

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
    const Curve* curve = nullptr;
    size_t point = 0;  // next one
    size_t rung = 0;
    std::vector<int64_t> rungs;
  };

  double CostOf(double value) const { return plan_.maximize ? -value : value; }
  const Curve& CurveOf(int32_t job) const { return *progress_[static_cast<size_t>(job)].curve; }

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
      } else if (auto next = (*source_)(result_)) {
        const auto job = static_cast<int32_t>(result_.jobs.size());
        result_.jobs.push_back({.curve = next->number, .point = std::move(next->point)});
        progress_.push_back({.curve = next->curve, .rungs = {}});
        if (plan_.halving) progress_.back().rungs = RungSteps(*plan_.halving, CurveOf(job).steps);
        Start(job, Kind::kStarted);
      } else if (!GoOnForTheEnd()) {
        return;
      }
    }
  }

  // Nothing runs and nothing is left, but no job came to its end: the best one does.
  bool GoOnForTheEnd() {
    if (!plan_.halving || finished_ > 0 || !stops_.empty()) return false;
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
    std::optional<StopVerdict> verdict;
    if (progress.point < curve.points.size() && curve.points[progress.point].step == step) {
      at.value = curve.points[progress.point++].value;
      if (rules_) verdict = rules_->Add({job, step, at.value}, curve.steps);
    }
    if (progress.point > 0 && !std::isfinite(at.value)) return Leave(job, Kind::kDiverged, {});
    if (step == curve.steps) return End(job);
    if (verdict) return Leave(job, verdict->diverged ? Kind::kDiverged : Kind::kStopped, verdict->reason);
    if (progress.rung < progress.rungs.size() && progress.rungs[progress.rung] == step) return Pause(job);
    Spend(job, 0);
  }

  void End(int32_t job) {
    ++free_;
    Note(job, Kind::kEnded);
    ++finished_;
    const double value = result_.jobs[static_cast<size_t>(job)].value;
    if (!std::isfinite(value) || (result_.best_job && CostOf(value) >= CostOf(result_.best_value))) return;
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
    halving_.Reach(job, rung, std::isfinite(at.value) ? CostOf(at.value) : at.value);
    Note(job, Kind::kPaused, halving_.RankText(job, rung, at.step));
    Promote();
  }

  void Promote() {
    for (const int32_t job : halving_.Promote()) waiting_.push_back(job);
  }

  const ReplayPlan plan_;
  const Source* source_ = nullptr;
  std::optional<StopRules> rules_;
  Halving halving_;
  int32_t finished_ = 0;  // of the stage
  int32_t free_;
  double now_ = 0;
  int64_t order_ = 0;
  std::vector<Progress> progress_;
  std::deque<int32_t> waiting_;  // may go on
  std::priority_queue<Stop, std::vector<Stop>, std::greater<>> stops_;
  ReplayResult result_;
};

namespace {

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

Replay::Replay(const ReplayPlan& plan) : replayer_(std::make_unique<Replayer>(plan)) {}
Replay::~Replay() = default;

void Replay::BeginStage() { replayer_->BeginStage(); }

void Replay::Train(std::vector<Curve> curves) {
  size_t next = curves_.size();
  for (Curve& curve : curves) curves_.push_back(std::make_unique<const Curve>(std::move(curve)));
  replayer_->Run([&](const ReplayResult&) -> std::optional<Replayer::NextJob> {
    if (next == curves_.size()) return std::nullopt;
    const size_t number = next++;
    return Replayer::NextJob{.number = static_cast<int32_t>(number), .curve = curves_[number].get()};
  });
}

const ReplayResult& Replay::result() const { return replayer_->result(); }

ReplayResult ReplayOrder(const ReplayPlan& plan, const std::vector<Curve>& curves,
                         const std::vector<int32_t>& order) {
  Replayer replayer(plan);
  replayer.Run([&](const ReplayResult& result) -> std::optional<Replayer::NextJob> {
    if (result.jobs.size() == order.size()) return std::nullopt;
    const int32_t number = order[result.jobs.size()];
    return Replayer::NextJob{.number = number, .curve = &curves[static_cast<size_t>(number)]};
  });
  return replayer.TakeResult();
}

ReplayResult ReplaySearch(const ReplayPlan& plan, const std::vector<Curve>& curves, const Proposer& proposer,
                          int32_t jobs, const std::function<int32_t(const Point&)>& curve_of) {
  Replayer replayer(plan);
  replayer.Run([&](const ReplayResult& result) -> std::optional<Replayer::NextJob> {
    const auto number = static_cast<int32_t>(result.jobs.size());
    if (number >= jobs) return std::nullopt;
    Point point = proposer.Propose(number, HistoryOf(result.jobs));
    const int32_t curve = curve_of(point);
    return Replayer::NextJob{
        .number = curve, .curve = &curves[static_cast<size_t>(curve)], .point = std::move(point)};
  });
  return replayer.TakeResult();
}

}  // namespace optfleet::sweeps
