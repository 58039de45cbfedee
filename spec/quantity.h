// Figures as people write them: 2k, 0.5M tokens, 3h, 40GB, 10%. Pure; usable from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace optfleet::spec {

inline constexpr double kSecondsInHour = 3600;

enum class Unit { kNone, kSteps, kTokens, kSeconds, kBytes, kPercent };

// 3h is 10800 kSeconds, 10% is 10 kPercent, 2GB is 2147483648 kBytes (powers of 1024, as everywhere).
struct Quantity {
  double amount = 0;
  Unit unit = Unit::kNone;
};

// A number (1.5, .5, 1e-3) without a sign; then k, M, B or T (thousands, millions, billions, ...) or nothing;
// then steps or tokens, s, min, h or d, KB, MB, GB or TB (or KiB and so on), %, or nothing. Blanks may stand
// before a word.
struct ReadQuantity {
  Quantity quantity;
  size_t length = 0;  // bytes of the text that it takes
};
// Of the beginning of the text. Nothing if no number is there, or letters follow it that are no unit.
std::optional<ReadQuantity> ReadQuantityFrom(std::string_view text);

// Of the whole text, which may have a sign.
std::optional<Quantity> ParseQuantity(std::string_view text);

// "tokens"; empty for kNone.
std::string_view UnitName(Unit unit);

}  // namespace optfleet::spec
