// The median of some numbers, as the mean of the two in the middle where their number is even.
#pragma once

#include <algorithm>
#include <vector>

namespace optfleet {

// Of at least one.
inline double Median(std::vector<double> values) {
  const auto upper = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), upper, values.end());
  if (values.size() % 2 == 1) return *upper;
  return (*std::max_element(values.begin(), upper) + *upper) / 2;
}

}  // namespace optfleet
