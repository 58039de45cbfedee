#include "tests/sweeps/search/methods.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace optfleet::sweeps::testing {
namespace {

// The recorded jobs as points: each optimizer has rates of its own, which are told apart by their place.
class Cube {
 public:
  Cube(const RecordedCurves& recorded, bool is_fine) {
    for (size_t i = 0; i < recorded.jobs.size(); ++i) {
      const RecordedJob& job = recorded.jobs[i];
      const auto optimizer = PlaceOf(job.optimizer, &optimizers_);
      const auto schedule = PlaceOf(job.schedule, &schedules_);
      auto& rates = rates_[static_cast<size_t>(optimizer * 2 + schedule)];
      rates.push_back({job.learning_rate, static_cast<int32_t>(i)});
      std::sort(rates.begin(), rates.end());
    }
    space_ = {{.key = "optimizer.name", .kind = Dimension::Kind::kChoice, .count = Count(optimizers_)},
              {.key = "schedule.name", .kind = Dimension::Kind::kChoice, .count = Count(schedules_)},
              {.key = "optimizer.learning_rate",
               .kind = is_fine ? Dimension::Kind::kContinuous : Dimension::Kind::kWhole,
               .count = Count(rates_[0])}};
  }

  const Space& space() const { return space_; }

  int32_t CurveOf(const Point& point) const {
    const auto line = IndexOf(point[0], space_[0].count) * 2 + IndexOf(point[1], space_[1].count);
    const auto rate = static_cast<size_t>(IndexOf(point[2], space_[2].count));
    return rates_[static_cast<size_t>(line)].at(rate).second;
  }

 private:
  template <typename T>
  static int32_t Count(const std::vector<T>& values) {
    return static_cast<int32_t>(values.size());
  }

  static int32_t PlaceOf(const std::string& name, std::vector<std::string>* names) {
    const auto found = std::find(names->begin(), names->end(), name);
    if (found != names->end()) return static_cast<int32_t>(found - names->begin());
    names->push_back(name);
    return Count(*names) - 1;
  }

  static constexpr size_t kMostLines = 64;
  std::vector<std::string> optimizers_;
  std::vector<std::string> schedules_;  // two
  std::vector<std::vector<std::pair<double, int32_t>>> rates_{kMostLines};
  Space space_;
};

std::optional<ReplayResult> Replayed(const RecordedCurves& recorded, const std::vector<Curve>& curves,
                                     const std::string& method, const StudyPlan& plan, int32_t seed) {
  ReplayPlan replay{.slots = plan.slots, .start_seconds = plan.start_seconds};
  if (method.starts_with("halving")) replay.halving = plan.halving;
  if (method == "median")
    replay.stop = StopPlan{.median = StopPlan::Median{.after = {.share = 0, .steps = plan.median.after},
                                                      .least_jobs = plan.median.least_jobs}};
  std::vector<int32_t> order = Shuffled(curves.size(), static_cast<uint64_t>(seed));
  if (method == "grid" || method == "halving" || method == "median")
    return ReplayOrder(replay, curves, order);
  if (method == "random") {
    order.resize(std::min(order.size(), static_cast<size_t>(plan.jobs)));
    return ReplayOrder(replay, curves, order);
  }
  if (method != "sobol" && method != "tpe" && method != "halving_tpe") return std::nullopt;
  const Cube cube(recorded, plan.is_fine);
  const auto by = method == "sobol" ? SearchMethod::kSobol : SearchMethod::kTpe;
  return ReplaySearch(replay, curves, *MakeProposer(by, cube.space(), seed), plan.jobs,
                      [&cube](const Point& point) { return cube.CurveOf(point); });
}

}  // namespace

std::optional<Found> Search(const RecordedCurves& recorded, const std::string& method, const StudyPlan& plan,
                            int32_t seed) {
  const std::vector<Curve> curves = WithNoise(recorded.curves, plan.noise, static_cast<uint64_t>(seed));
  const std::optional<ReplayResult> result = Replayed(recorded, curves, method, plan, seed);
  if (!result) return std::nullopt;
  const double best = BestFinal(recorded.curves);
  Found found{.found = std::numeric_limits<double>::infinity(),
              .device_share = result->device_seconds / DeviceSeconds(recorded.curves),
              .seconds = result->seconds};
  if (result->best_job) {
    const int32_t curve = result->jobs[static_cast<size_t>(*result->best_job)].curve;
    found.found = FinalOf(recorded.curves[static_cast<size_t>(curve)]);
  }
  found.regret = found.found / best - 1;
  return found;
}

}  // namespace optfleet::sweeps::testing
