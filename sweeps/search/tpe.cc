#include "sweeps/search/tpe.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "sweeps/search/parzen.h"
#include "sweeps/search/random.h"
#include "sweeps/sobol.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kSalt = "tpe";
constexpr double kBestShare = 0.1;
constexpr size_t kMostBest = 25;
constexpr int32_t kMostDraws = 10;  // for each new point

bool IsFinite(const Trial& trial) {
  return trial.state == Trial::State::kEnded && std::isfinite(trial.value);
}

// Those with smaller numbers, ascending, each once.
std::vector<const Trial*> Before(int32_t number, const Space& space, const History& history) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : history)
    if (trial.number < number && trial.point.size() == space.size()) trials.push_back(&trial);
  // The last of equal ones first.
  std::reverse(trials.begin(), trials.end());
  std::stable_sort(trials.begin(), trials.end(),
                   [](const Trial* a, const Trial* b) { return a->number < b->number; });
  const auto same = [](const Trial* a, const Trial* b) { return a->number == b->number; };
  trials.erase(std::unique(trials.begin(), trials.end(), same), trials.end());
  return trials;
}

struct Parts {
  std::vector<const Point*> best;  // none: nothing can be said yet
  std::vector<const Point*> others;
};

Parts Split(const std::vector<const Trial*>& trials, const TpePlan& plan) {
  std::vector<std::pair<double, size_t>> order;  // of those with a value
  size_t ended = 0;
  for (size_t i = 0; i < trials.size(); ++i) {
    ended += trials[i]->state == Trial::State::kRunning ? 0 : 1;
    if (IsFinite(*trials[i])) order.push_back({trials[i]->value, i});
  }
  Parts parts;
  if (ended < static_cast<size_t>(plan.startup)) return parts;
  const auto tenth = static_cast<size_t>(std::ceil(kBestShare * static_cast<double>(ended)));
  const size_t wanted = std::min({tenth, kMostBest, order.size()});
  std::sort(order.begin(), order.end());
  std::vector<bool> is_best(trials.size());
  for (size_t i = 0; i < wanted; ++i) is_best[order[i].second] = true;
  for (size_t i = 0; i < trials.size(); ++i)
    (is_best[i] ? parts.best : parts.others).push_back(&trials[i]->point);
  return parts;
}

// Points of a space of whole numbers and choices that were tried; nothing where a range is continuous, where
// no point comes twice.
class Tried {
 public:
  Tried(const Space& space, const std::vector<const Trial*>& trials) : space_(space) {
    const auto is_continuous = [](const Dimension& dimension) {
      return dimension.kind == Dimension::Kind::kContinuous;
    };
    if (std::any_of(space.begin(), space.end(), is_continuous)) return;
    for (const Trial* trial : trials) points_.insert(IndicesOf(trial->point));
  }

  bool Has(const Point& point) const { return !points_.empty() && points_.contains(IndicesOf(point)); }

 private:
  std::vector<int32_t> IndicesOf(const Point& point) const {
    std::vector<int32_t> indices;
    for (size_t i = 0; i < point.size(); ++i) indices.push_back(IndexOf(point[i], space_[i].count));
    return indices;
  }

  const Space& space_;
  std::set<std::vector<int32_t>> points_;
};

// The likeliest of so many new points; of points that were tried only if nearly nothing else is drawn.
Point Likeliest(const Parzen& best, const Parzen& others, const Tried& tried, int32_t candidates,
                Draws* draws) {
  Point likeliest;
  double most = -std::numeric_limits<double>::infinity();
  int32_t news = 0;
  for (int32_t i = 0; i < kMostDraws * candidates && news < candidates; ++i) {
    Point point = best.Draw(draws);
    if (tried.Has(point)) {
      if (news == 0) likeliest = std::move(point);
      continue;
    }
    const double score = best.LogDensity(point) - others.LogDensity(point);
    if (news++ > 0 && !(score > most)) continue;
    most = score;
    likeliest = std::move(point);
  }
  return likeliest;
}

}  // namespace

Point ProposeTpe(const TpePlan& plan, const Space& space, int32_t seed, int32_t number,
                 const History& history) {
  const std::vector<const Trial*> trials = Before(number, space, history);
  const Parts parts = Split(trials, plan);
  if (parts.best.empty() || space.empty()) {
    const bool is_wide = space.size() > static_cast<size_t>(kMostSobolDimensions);
    return MakeProposer(is_wide ? SearchMethod::kRandom : SearchMethod::kSobol, space, seed)
        ->Propose(number, {});
  }
  Draws draws(SeedOf(space.front().key, seed) ^ SeedOf(kSalt, number));
  return Likeliest({space, parts.best}, {space, parts.others}, {space, trials}, std::max(plan.candidates, 1),
                   &draws);
}

}  // namespace optfleet::sweeps
