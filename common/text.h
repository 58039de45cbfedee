// Small text tools for messages and tables: nearest known name, numbers as people read them, width on a
// terminal. Pure; usable from any thread. Nothing here depends on a locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace optfleet {

// Edits (insert, delete, replace, swap neighbours; Damerau-Levenshtein, each letter edited at most once) from
// a to b. Words beyond 64 bytes are compared by their first 64.
size_t EditDistance(std::string_view a, std::string_view b);

// The candidate that `name` was probably meant to be: fewest edits, at most a third of the longer word's
// length (at least one); the first of equals. Nothing if none is near.
std::optional<std::string_view> NearestName(std::string_view name,
                                            std::span<const std::string_view> candidates);

// Shortest text that reads back as the same double: "0.001", "1e-05", "3". "NaN", "Infinity", "-Infinity".
std::string FormatNumber(double value);
// To so many significant digits, as short as possible: 2.0134 with 4 is "2.013", 0.00030 with 2 is "0.0003".
std::string FormatSignificant(double value, int digits);
std::string FormatCount(int64_t value);  // "1,234,567"
std::string FormatBytes(int64_t bytes);  // "512 B", "4.0 GiB": one decimal place, binary units
// "512M", "4GiB", "40 GB", "1.5G", "1073741824": bytes, by powers of 1024; nothing for any other text.
std::optional<int64_t> ParseSize(std::string_view text);
std::string FormatClock(double seconds);  // "2:51", "1:02:03"; rounded to whole seconds
std::string FormatAbout(double seconds);  // "40 s", "3 min", "2.5 h", "4 days": for estimates

// Terminal columns of UTF-8 text: combining marks 0, East Asian wide characters and emoji 2, others 1. A byte
// that is not UTF-8 counts 1.
size_t DisplayWidth(std::string_view text);
// At most `width` columns of text; where something is cut the last column is "…". Never cuts inside a
// character.
std::string TruncateToWidth(std::string_view text, size_t width);
// Words on lines of at most `width` columns, but for a word that is longer; blanks between them become one or
// an end of line.
std::string WrapWords(std::string_view text, size_t width);
// Text followed by blanks up to `width` columns, or blanks first.
std::string PadRight(std::string_view text, size_t width);
std::string PadLeft(std::string_view text, size_t width);

// Code point at text[at] and its length in bytes; a malformed byte gives {U+FFFD, 1}.
struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 0;
};
CodePoint DecodeUtf8(std::string_view text, size_t at);
// Columns of one code point, 0 to 2.
size_t CodePointWidth(uint32_t value);

}  // namespace optfleet
