// The largest whole number that still works, such as the largest microbatch that fits, in O(log n) attempts:
// by doubling steps away from a first guess until it is between one that works and one that does not, then by
// halves. What works for a number is taken to work for smaller ones. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace optfleet::sweeps {

struct LargestSearch {
  int64_t from = 1;  // the ends are in it
  int64_t to = 1;
  int64_t guess = 1;  // what is tried first; the nearest end if it is outside
};

struct TriedNumber {
  int64_t number = 0;
  bool works = false;
};

// Nothing once the largest is known (or that none works).
std::optional<int64_t> NextToTry(const LargestSearch& search, const std::vector<TriedNumber>& tried);

// More attempts are never needed.
int32_t MostAttempts(const LargestSearch& search);

}  // namespace optfleet::sweeps
