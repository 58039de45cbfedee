#include "tests/bench/support/steps.h"

namespace optfleet::bench {
namespace {

// In [0, 1): a full mantissa from a mix of its argument (splitmix64).
double Noise(uint64_t at) {
  at += 0x9e3779b97f4a7c15U;
  at = (at ^ (at >> 30U)) * 0xbf58476d1ce4e5b9U;
  at = (at ^ (at >> 27U)) * 0x94d049bb133111ebU;
  return static_cast<double>((at ^ (at >> 31U)) >> 11U) * 0x1p-53;
}

}  // namespace

void Fill(int attempt, int64_t first, size_t count, Run* run) {
  run->attempt = attempt;
  run->first = first;
  run->steps.resize(count);
  for (size_t i = 0; i < count; ++i) {
    Step& step = run->steps[i];
    step.step = first + static_cast<int64_t>(i);
    step.time_us = 1'700'000'000'000'000 + step.step * 50'000 + attempt;
    const auto seed = (static_cast<uint64_t>(attempt) << 40U) + static_cast<uint64_t>(step.step) * 8;
    const double noise = Noise(seed);
    const double other = Noise(seed + 1);
    const double loss = 2.5 + noise + 100.0 / static_cast<double>(100 + step.step);
    step.values = {loss,
                   0.5 + other,
                   1e-3 * static_cast<double>(step.step % 1000) / 1000,
                   static_cast<double>(step.step * 4096),
                   0.05 + 0.01 * noise,
                   81920 * (0.9 + 0.1 * other),
                   1.5e9,
                   loss + 0.1,
                   11 + noise,
                   loss * 1.44,
                   0,
                   1e-5 * noise};
  }
}

}  // namespace optfleet::bench
