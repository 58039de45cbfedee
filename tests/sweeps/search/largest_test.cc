// The largest number that works, by few attempts.
#include "sweeps/search/largest.h"

#include <gtest/gtest.h>

#include <cmath>

namespace optfleet::sweeps {
namespace {

struct Found {
  int64_t largest = 0;  // 0: none
  int attempts = 0;
};

Found Find(const LargestSearch& search, int64_t limit) {
  Found found;
  std::vector<TriedNumber> tried;
  while (const auto next = NextToTry(search, tried)) {
    EXPECT_GE(*next, search.from);
    EXPECT_LE(*next, search.to);
    for (const TriedNumber& one : tried) EXPECT_NE(one.number, *next);
    tried.push_back({*next, *next <= limit});
    if (tried.back().works) found.largest = std::max(found.largest, *next);
    if (++found.attempts > 100) break;
  }
  return found;
}

TEST(Largest, IsFoundFromEveryGuess) {
  for (int64_t limit = 0; limit <= 70; ++limit)
    for (const int64_t guess : {1, 7, 30, 64, 200}) {
      const Found found = Find({.from = 1, .to = 64, .guess = guess}, limit);
      EXPECT_EQ(found.largest, std::min<int64_t>(limit, 64)) << "guess " << guess;
      EXPECT_LE(found.attempts, MostAttempts({.from = 1, .to = 64, .guess = guess}));
    }
}

TEST(Largest, TakesFewAttemptsWhereTheGuessIsNear) {
  EXPECT_LE(Find({.from = 1, .to = 4096, .guess = 1000}, 1040).attempts, 9);
  EXPECT_LE(Find({.from = 1, .to = 4096, .guess = 1000}, 960).attempts, 9);
}

TEST(Largest, TakesAsManyAsTheLogarithmOtherwise) {
  for (const int64_t limit : {1, 3, 100, 5000, 99999}) {
    const Found found = Find({.from = 1, .to = 100000, .guess = 1}, limit);
    EXPECT_EQ(found.largest, limit);
    EXPECT_LE(found.attempts, 2 * std::log2(100000) + 2);
  }
}

TEST(Largest, NothingIsLeftToTryInARangeOfOne) {
  EXPECT_EQ(Find({.from = 5, .to = 5, .guess = 5}, 9).attempts, 1);
}

}  // namespace
}  // namespace optfleet::sweeps
