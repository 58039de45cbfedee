#include "tests/bench/support/figures.h"

#include <algorithm>
#include <cmath>
#include <ctime>

namespace optfleet::bench {

Spread SpreadOf(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const auto place = static_cast<size_t>(share * static_cast<double>(values.size()));
    return values[std::min(place, values.size() - 1)];
  };
  return {static_cast<int64_t>(values.size()), at(0.5), at(0.99), values.back()};
}

nlohmann::ordered_json ToJson(const Spread& spread) {
  const auto round = [](double value) { return std::round(value * 1000) / 1000; };
  return {{"count", spread.count},
          {"p50", round(spread.p50)},
          {"p99", round(spread.p99)},
          {"max", round(spread.most)}};
}

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double MillisecondsSince(std::chrono::steady_clock::time_point begin) { return SecondsSince(begin) * 1e3; }

namespace {

double Read(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

double ProcessCpuSeconds() { return Read(CLOCK_PROCESS_CPUTIME_ID); }
double ThreadCpuSeconds() { return Read(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace optfleet::bench
