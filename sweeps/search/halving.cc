#include "sweeps/search/halving.h"

#include <algorithm>
#include <cmath>

#include "common/text.h"

namespace optfleet::sweeps {
namespace {

constexpr int32_t kLeastFactor = 2;
// A product of a share and a length that is a whole number but for its rounding is that number.
constexpr double kRounding = 1e-9;

int64_t RoundedUp(double steps) { return static_cast<int64_t>(std::ceil(steps * (1 - kRounding))); }

}  // namespace

std::vector<int64_t> RungSteps(const HalvingPlan& plan, int64_t total_steps) {
  const auto total = static_cast<double>(total_steps);
  const auto factor = static_cast<double>(std::max(plan.factor, kLeastFactor));
  std::vector<int64_t> steps;
  double exact = plan.first_steps > 0 ? static_cast<double>(plan.first_steps) : plan.first_share * total;
  if (!(exact > 0)) return steps;
  for (; exact < total; exact *= factor) {
    const int64_t step = std::max<int64_t>(RoundedUp(exact), 1);
    if (step >= total_steps) break;
    if (steps.empty() || step > steps.back()) steps.push_back(step);
  }
  return steps;
}

Halving::Halving(int32_t factor) : factor_(std::max(factor, kLeastFactor)) {}

void Halving::Restore(const RungResult& result) {
  Add(result.job, result.rung, {.value = Comparable(result.value), .promoted = result.promoted});
}

void Halving::Reach(int32_t job, int32_t rung, double value) {
  Add(job, rung, {.value = Comparable(value), .promoted = false});
}

void Halving::Leave(int32_t job) {
  if (left_.insert(job).second) SettleAll(job);
}

void Halving::Return(int32_t job) {
  if (left_.erase(job) > 0) SettleAll(job);
}

std::vector<int32_t> Halving::Promote() {
  std::vector<int32_t> promoted;
  for (auto rung = rungs_.rbegin(); rung != rungs_.rend(); ++rung) {
    while (!rung->ready.empty()) {
      promoted.push_back(rung->ready.begin()->second);
      GoOn(promoted.back(), &*rung);
    }
  }
  return promoted;
}

std::optional<int32_t> Halving::PromoteBest() {
  for (auto rung = rungs_.rbegin(); rung != rungs_.rend(); ++rung) {
    if (rung->waiting.empty()) continue;
    const int32_t job = rung->waiting.begin()->second;
    GoOn(job, &*rung);
    return job;
  }
  return std::nullopt;
}

std::optional<RungStanding> Halving::StandingOf(int32_t job, int32_t rung) const {
  if (rung < 0 || static_cast<size_t>(rung) >= rungs_.size()) return std::nullopt;
  const Rung& at = rungs_[static_cast<size_t>(rung)];
  const auto found = at.entries.find(job);
  if (found == at.entries.end()) return std::nullopt;
  return RungStanding{.value = found->second.value,
                      .place = static_cast<int64_t>(at.ranking.PlaceOf(job, found->second.value)) + 1,
                      .reached = static_cast<int64_t>(at.ranking.size()),
                      .may_go_on = static_cast<int64_t>(MayGoOn(at)),
                      .promoted = found->second.promoted};
}

std::optional<int32_t> Halving::HighestRungOf(int32_t job) const {
  for (size_t rung = rungs_.size(); rung-- > 0;)
    if (rungs_[rung].entries.contains(job)) return static_cast<int32_t>(rung);
  return std::nullopt;
}

std::string Halving::RankText(int32_t job, int32_t rung, int64_t step) const {
  const std::optional<RungStanding> standing = StandingOf(job, rung);
  if (!standing) return {};
  std::string text = Ordinal(standing->place) + " of " + FormatCount(standing->reached) + " at rung " +
                     std::to_string(rung) + " (step " + FormatCount(step) + "); ";
  if (standing->may_go_on == 0) return text + "none goes on before " + std::to_string(factor_) + " are there";
  if (standing->may_go_on == 1) return text + "the best goes on";
  return text + "the best " + FormatCount(standing->may_go_on) + " go on";
}

void Halving::Add(int32_t job, int32_t rung, const Entry& entry) {
  if (rung < 0) return;
  const auto number = static_cast<size_t>(rung);
  if (number >= rungs_.size()) rungs_.resize(number + 1);
  Rung& at = rungs_[number];
  const size_t before = MayGoOn(at);
  if (!at.entries.try_emplace(job, entry).second) return;
  at.ranking.Add(job, entry.value);
  Settle(job, &at);
  // The one at the edge: a new one either pushes it out, or there is room for one more.
  const size_t after = MayGoOn(at);
  if (after > 0) Settle(at.ranking.JobAt(after - 1), &at);
  if (before == after && after < at.ranking.size()) Settle(at.ranking.JobAt(after), &at);
}

void Halving::Settle(int32_t job, Rung* rung) const {
  const Entry& entry = rung->entries.at(job);
  const std::pair<double, int32_t> key{entry.value, job};
  if (entry.promoted || left_.contains(job) || !std::isfinite(entry.value)) {
    rung->waiting.erase(key);
    rung->ready.erase(key);
    return;
  }
  rung->waiting.insert(key);
  if (rung->ranking.PlaceOf(job, entry.value) < MayGoOn(*rung)) {
    rung->ready.insert(key);
  } else {
    rung->ready.erase(key);
  }
}

void Halving::SettleAll(int32_t job) {
  for (Rung& rung : rungs_)
    if (rung.entries.contains(job)) Settle(job, &rung);
}

void Halving::GoOn(int32_t job, Rung* rung) const {
  rung->entries.at(job).promoted = true;
  Settle(job, rung);
}

std::string Ordinal(int64_t number) {
  const int64_t tens = number % 100;
  std::string text = FormatCount(number);
  if (tens >= 11 && tens <= 13) return text + "th";
  switch (number % 10) {
    case 1:
      return text + "st";
    case 2:
      return text + "nd";
    case 3:
      return text + "rd";
    default:
      return text + "th";
  }
}

}  // namespace optfleet::sweeps
