// A length within a run, as people say it: in steps (500), in tokens (2M tokens) or as a share of the run
// (10%). A resolved spec holds steps where that is possible (spec/resolve.h). Plain values; usable from any
// thread.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace optfleet::spec {

enum class LengthUnit { kSteps, kTokens, kPercent };

struct Length {
  double amount = 0;  // from 0; steps and tokens are whole numbers
  LengthUnit unit = LengthUnit::kSteps;

  friend bool operator==(const Length&, const Length&) = default;
  friend auto operator<=>(const Length&, const Length&) = default;
};

constexpr Length Steps(int64_t steps) { return {static_cast<double>(steps), LengthUnit::kSteps}; }
constexpr Length Tokens(int64_t tokens) { return {static_cast<double>(tokens), LengthUnit::kTokens}; }
constexpr Length Percent(double percent) { return {percent, LengthUnit::kPercent}; }

// A number, a multiplier k, M, B or T (thousands, millions, ...), and a unit: nothing or `steps`, `tokens`,
// `%`. "500", "10k steps", "1.5M tokens", "2e6 tokens", "12.5%". Nothing for any other text, and for a value
// that IsAllowed refuses.
std::optional<Length> ParseLength(std::string_view text);

// At most 1e12 steps, 1e15 tokens, 100 %; no parts of a step or of a token.
bool IsAllowed(const Length& length);

// "500", "2000000 tokens", "10%": what ParseLength reads back as the same value.
std::string ToText(const Length& length);

// What a run of steps is measured by.
struct RunMeasure {
  int64_t steps = 0;
  int64_t tokens_per_step = 1;
};

// In steps, not rounded.
double ExactSteps(const Length& length, const RunMeasure& run);
// In whole steps: tokens are rounded up, as in a budget, a share to the nearest step (up from the half).
Length InSteps(const Length& length, const RunMeasure& run);

}  // namespace optfleet::spec
