#include "sweeps/search/largest.h"

#include <algorithm>

namespace optfleet::sweeps {
namespace {

constexpr int64_t kFirstStep = 8;  // an eighth of the guess: predictions are near

}  // namespace

std::optional<int64_t> NextToTry(const LargestSearch& search, const std::vector<TriedNumber>& tried) {
  int64_t works = search.from - 1;  // the largest known
  int64_t fails = search.to + 1;    // the smallest known
  int64_t step = std::max<int64_t>(search.guess / kFirstStep, 1);
  for (const TriedNumber& one : tried) {
    if (one.works)
      works = std::max(works, one.number);
    else
      fails = std::min(fails, one.number);
    step *= 2;
  }
  if (fails - works <= 1) return std::nullopt;
  if (tried.empty()) return std::clamp(search.guess, search.from, search.to);
  step /= 2;
  if (fails > search.to) return std::min(search.to, works + step);
  if (works < search.from) return std::max(search.from, fails - step);
  return works + (fails - works) / 2;
}

int32_t MostAttempts(const LargestSearch& search) {
  int32_t halves = 1;
  for (int64_t left = search.to - search.from + 1; left > 0; left /= 2) ++halves;
  return 2 * halves;
}

}  // namespace optfleet::sweeps
