#include "sweeps/search/tpe.h"

#include <algorithm>
#include <cmath>
#include <limits>
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

Point Likeliest(const Parzen& best, const Parzen& others, int32_t candidates, Draws* draws) {
  Point likeliest;
  double most = -std::numeric_limits<double>::infinity();
  for (int32_t i = 0; i < std::max(candidates, 1); ++i) {
    Point point = best.Draw(draws);
    const double score = best.LogDensity(point) - others.LogDensity(point);
    if (!likeliest.empty() && !(score > most)) continue;
    most = score;
    likeliest = std::move(point);
  }
  return likeliest;
}

}  // namespace

Point ProposeTpe(const TpePlan& plan, const Space& space, int32_t seed, int32_t number,
                 const History& history) {
  const Parts parts = Split(Before(number, space, history), plan);
  if (parts.best.empty() || space.empty()) {
    const bool is_wide = space.size() > static_cast<size_t>(kMostSobolDimensions);
    return MakeProposer(is_wide ? SearchMethod::kRandom : SearchMethod::kSobol, space, seed)
        ->Propose(number, {});
  }
  Draws draws(SeedOf(space.front().key, seed) ^ SeedOf(kSalt, number));
  return Likeliest({space, parts.best}, {space, parts.others}, plan.candidates, &draws);
}

}  // namespace optfleet::sweeps
