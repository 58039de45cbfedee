// Made-up records: 12 figures a step, as a trainer writes them. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace optfleet::bench {

inline constexpr std::array<std::string_view, 12> kKeys = {
    "loss",           "grad_norm",         "learning_rate",    "tokens",
    "step_seconds",   "tokens_per_second", "memory_bytes",     "val_loss",
    "val_perplexity", "val_bits_per_byte", "log_wait_seconds", "data_wait_seconds"};

struct Step {
  int64_t step = 0;
  int64_t time_us = 0;
  std::array<double, kKeys.size()> values{};
};

// Consecutive steps of one attempt (from 1), as it hands them over.
struct Run {
  int attempt = 0;
  int64_t first = 1;
  std::vector<Step> steps;
};

// Fills `run` for steps [first, first + count): the same bits for the same attempt and step. Most figures
// have mantissas without a pattern, counts are whole numbers.
void Fill(int attempt, int64_t first, size_t count, Run* run);

}  // namespace optfleet::bench
