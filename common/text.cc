#include "common/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace optfleet {
namespace {

constexpr size_t kLongestCompared = 64;

struct Interval {
  uint32_t first;
  uint32_t last;
};

// Blocks of combining marks and joiners (Unicode general categories Mn, Me, Cf), coarse.
constexpr std::array<Interval, 8> kZeroWidth{{{0x0300, 0x036F},
                                              {0x0483, 0x0489},
                                              {0x0591, 0x05BD},
                                              {0x200B, 0x200F},
                                              {0x20D0, 0x20F0},
                                              {0xFE00, 0xFE0F},
                                              {0xFE20, 0xFE2F},
                                              {0xFEFF, 0xFEFF}}};

// Blocks of East Asian Width W and F and of emoji, coarse.
constexpr std::array<Interval, 10> kWide{{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1FAFF},
                                          {0x20000, 0x3FFFD}}};

bool Contains(std::span<const Interval> intervals, uint32_t value) {
  return std::any_of(intervals.begin(), intervals.end(),
                     [&](const Interval& each) { return value >= each.first && value <= each.last; });
}

std::string FixedPoint(double value, int decimals) {
  std::array<char, 400> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, decimals);
  return std::string(buffer.data(), end.ptr);
}

std::string TwoDigits(int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

std::optional<std::string> NonFinite(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return std::nullopt;
}

// How often each letter comes up; others are counted with some letter.
using Letters = std::array<uint8_t, 32>;

Letters LettersOf(std::string_view text) {
  Letters letters{};
  for (const char c : text.substr(0, kLongestCompared)) ++letters[static_cast<uint8_t>(c) % letters.size()];
  return letters;
}

// An edit adds, removes or replaces one letter, so there are at least so many. In a form that compilers turn
// into a few vector instructions: most names are told apart here.
size_t LeastEdits(const Letters& a, const Letters& b) {
  uint8_t removed = 0;  // at most kLongestCompared
  uint8_t added = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    removed = static_cast<uint8_t>(removed + std::max(a[i], b[i]) - b[i]);
    added = static_cast<uint8_t>(added + std::max(a[i], b[i]) - a[i]);
  }
  return std::max(removed, added);
}

// The distance, or something above `limit`.
size_t EditsUpTo(size_t limit, std::string_view a, std::string_view b) {
  a = a.substr(0, kLongestCompared);
  b = b.substr(0, kLongestCompared);
  // Rows of the alignment table: two letters ago, one letter ago, now.
  std::array<std::array<size_t, kLongestCompared + 1>, 3> rows;
  for (size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  size_t least_before = 0;
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& now = rows[i % 3];
    const auto& before = rows[(i + 2) % 3];
    const auto& two_before = rows[(i + 1) % 3];
    now[0] = i;
    size_t least = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({before[j] + 1, now[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], two_before[j - 2] + 1);
      least = std::min(least, now[j]);
    }
    // No row has less than both before it.
    if (least > limit && least_before > limit) return least;
    least_before = least;
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) { return EditsUpTo(kLongestCompared, a, b); }

std::optional<std::string_view> NearestName(std::string_view name,
                                            std::span<const std::string_view> candidates) {
  const Letters letters = LettersOf(name);
  std::optional<std::string_view> best;
  size_t best_distance = std::numeric_limits<size_t>::max();
  for (const auto candidate : candidates) {
    if (candidate.empty()) continue;
    const size_t allowed = std::max<size_t>(1, std::max(name.size(), candidate.size()) / 3);
    const size_t limit = std::min({allowed, best_distance - 1, candidate.size() - 1});
    if (LeastEdits(letters, LettersOf(candidate)) > limit) continue;
    const size_t distance = EditsUpTo(limit, name, candidate);
    if (distance > limit) continue;
    best = candidate;
    best_distance = distance;
    if (distance == 0) break;
  }
  return best;
}

std::string FormatNumber(double value) {
  if (auto text = NonFinite(value)) return *text;
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end.ptr);
}

std::string FormatSignificant(double value, int digits) {
  if (auto text = NonFinite(value)) return *text;
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, digits);
  return std::string(buffer.data(), end.ptr);
}

std::string FormatCount(int64_t value) {
  std::string text = std::to_string(value);
  const size_t first_digit = value < 0 ? 1 : 0;
  for (size_t at = text.size(); at > first_digit + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string FormatBytes(int64_t bytes) {
  constexpr std::array<const char*, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes > -1024 && bytes < 1024) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (std::abs(value) >= 1023.95 && unit + 1 < kUnits.size()) {  // 1023.95 would print as 1024.0
    value /= 1024;
    ++unit;
  }
  return FixedPoint(value, 1) + " " + kUnits[unit];
}

std::string FormatClock(double seconds) {
  if (!std::isfinite(seconds)) return "-";
  const auto whole = static_cast<int64_t>(std::llround(std::clamp(seconds, 0.0, 1e12)));
  const int64_t hours = whole / 3600;
  const int64_t minutes = whole / 60 % 60;
  if (hours == 0) return std::to_string(minutes) + ":" + TwoDigits(whole % 60);
  return std::to_string(hours) + ":" + TwoDigits(minutes) + ":" + TwoDigits(whole % 60);
}

std::string FormatAbout(double seconds) {
  if (!std::isfinite(seconds)) return "-";
  seconds = std::max(seconds, 0.0);
  if (seconds < 90) return FixedPoint(std::ceil(seconds), 0) + " s";
  if (seconds < 90 * 60) return FixedPoint(seconds / 60, 0) + " min";
  if (seconds < 36 * 3600) return FixedPoint(seconds / 3600, seconds < 10 * 3600 ? 1 : 0) + " h";
  return FixedPoint(seconds / 86400, 0) + " days";
}

CodePoint DecodeUtf8(std::string_view text, size_t at) {
  constexpr CodePoint kMalformed{0xFFFD, 1};
  const auto byte = [&](size_t index) { return static_cast<unsigned char>(text[index]); };
  const uint32_t first = byte(at);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return kMalformed;
  uint32_t value = first & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return kMalformed;
    value = value << 6 | (byte(at + i) & 0x3FU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return kMalformed;
  return {value, length};
}

size_t CodePointWidth(uint32_t value) {
  if (value < 0x300) return 1;
  if (Contains(kZeroWidth, value)) return 0;
  return Contains(kWide, value) ? 2 : 1;
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text, at);
    width += CodePointWidth(point.value);
    at += point.bytes;
  }
  return width;
}

std::string TruncateToWidth(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return "";
  size_t used = 0;
  size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = DecodeUtf8(text, at);
    const size_t columns = CodePointWidth(point.value);
    if (used + columns > width - 1) break;
    used += columns;
    at += point.bytes;
  }
  return std::string(text.substr(0, at)) + "…";
}

std::string WrapWords(std::string_view text, size_t width) {
  std::string out;
  size_t used = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(' ', at);
    if (begin == std::string_view::npos) break;
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const size_t columns = DisplayWidth(word);
    const bool fits = used + 1 + columns <= width;
    if (!out.empty()) out += fits ? ' ' : '\n';
    used = out.empty() || !fits ? columns : used + 1 + columns;
    out += word;
    at = end;
  }
  return out;
}

std::string PadRight(std::string_view text, size_t width) {
  const size_t used = DisplayWidth(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string PadLeft(std::string_view text, size_t width) {
  const size_t used = DisplayWidth(text);
  return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

std::optional<int64_t> ParseSize(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.size() > 1 && unit.ends_with('B')) unit.remove_suffix(1);
  if (unit.size() > 1 && unit.ends_with('i')) unit.remove_suffix(1);
  constexpr std::string_view kPowers = "BKMGT";
  const size_t power = unit.empty() ? 0 : kPowers.find(unit);
  if (unit.size() > 1 || power == std::string_view::npos) return std::nullopt;
  if (!std::isfinite(number) || number < 0 || number > 1e15) return std::nullopt;
  return static_cast<int64_t>(std::ldexp(number, static_cast<int>(10 * power)));
}

}  // namespace optfleet
