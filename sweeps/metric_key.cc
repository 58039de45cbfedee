#include "sweeps/metric_key.h"

#include <algorithm>
#include <cstddef>

namespace optfleet::sweeps {
namespace {

constexpr size_t kLongest = 63;

}  // namespace

bool IsMetricKey(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '/' || c == '.';
  };
  return !text.empty() && text.size() <= kLongest && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace optfleet::sweeps
