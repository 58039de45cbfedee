#include "spec/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace optfleet::spec {
namespace {

struct Word {
  std::string_view text;
  double factor;
  Unit unit;
};

constexpr double kKibi = 1024;
constexpr std::array<Word, 23> kWords{{{"steps", 1, Unit::kSteps},
                                       {"step", 1, Unit::kSteps},
                                       {"tokens", 1, Unit::kTokens},
                                       {"token", 1, Unit::kTokens},
                                       {"s", 1, Unit::kSeconds},
                                       {"seconds", 1, Unit::kSeconds},
                                       {"min", 60, Unit::kSeconds},
                                       {"minutes", 60, Unit::kSeconds},
                                       {"h", 3600, Unit::kSeconds},
                                       {"hours", 3600, Unit::kSeconds},
                                       {"d", 86400, Unit::kSeconds},
                                       {"days", 86400, Unit::kSeconds},
                                       {"KB", kKibi, Unit::kBytes},
                                       {"KiB", kKibi, Unit::kBytes},
                                       {"MB", kKibi* kKibi, Unit::kBytes},
                                       {"MiB", kKibi* kKibi, Unit::kBytes},
                                       {"GB", kKibi* kKibi* kKibi, Unit::kBytes},
                                       {"GiB", kKibi* kKibi* kKibi, Unit::kBytes},
                                       {"TB", kKibi* kKibi* kKibi* kKibi, Unit::kBytes},
                                       {"TiB", kKibi* kKibi* kKibi* kKibi, Unit::kBytes},
                                       {"bytes", 1, Unit::kBytes},
                                       {"hour", 3600, Unit::kSeconds},
                                       {"day", 86400, Unit::kSeconds}}};

double MultiplierOf(char letter) {
  switch (letter) {
    case 'k':
      return 1e3;
    case 'M':
      return 1e6;
    case 'B':
      return 1e9;
    case 'T':
      return 1e12;
    default:
      return 0;
  }
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view LettersOf(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsLetter);
  return text.substr(0, static_cast<size_t>(end - text.begin()));
}

const Word* FindWord(std::string_view text) {
  const auto* found =
      std::find_if(kWords.begin(), kWords.end(), [&](const Word& word) { return word.text == text; });
  return found == kWords.end() ? nullptr : found;
}

// Bytes of a number at the beginning; "1e" and "2d" are a number and letters.
size_t NumberLength(std::string_view text) {
  size_t end = 0;
  const auto digits = [&] {
    const size_t begin = end;
    while (end < text.size() && IsDigit(text[end])) ++end;
    return end - begin;
  };
  size_t count = digits();
  if (end < text.size() && text[end] == '.') {
    ++end;
    count += digits();
  }
  if (count == 0) return 0;
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    const size_t before = end++;
    if (end < text.size() && (text[end] == '+' || text[end] == '-')) ++end;
    if (digits() == 0) end = before;
  }
  return end;
}

std::optional<double> NumberOf(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// 2.3M is 2300000, although 2.3 x 1e6 is a little less.
double Times(double amount, double factor) {
  const double product = amount * factor;
  const double whole = std::round(product);
  return std::abs(product - whole) <= 1e-12 * whole ? whole : product;
}

}  // namespace

std::optional<ReadQuantity> ReadQuantityFrom(std::string_view text) {
  size_t end = NumberLength(text);
  if (end == 0) return std::nullopt;
  const auto number = NumberOf(text.substr(0, end));
  if (!number) return std::nullopt;
  Quantity quantity{*number, Unit::kNone};
  if (const size_t sign = text.find_first_not_of(' ', end); sign < text.size() && text[sign] == '%')
    return ReadQuantity{{*number, Unit::kPercent}, sign + 1};
  std::string_view letters = LettersOf(text.substr(end));
  if (FindWord(letters) == nullptr && letters.size() == 1 && MultiplierOf(letters[0]) > 0) {
    quantity.amount = Times(quantity.amount, MultiplierOf(letters[0]));
    ++end;
    letters = {};
  }
  if (letters.empty()) {
    // A word behind blanks is a unit if it is known for one, and else somebody else's.
    const size_t blanks = text.substr(end).find_first_not_of(' ');
    if (blanks == std::string_view::npos || blanks == 0) return ReadQuantity{quantity, end};
    letters = LettersOf(text.substr(end + blanks));
    if (FindWord(letters) == nullptr) return ReadQuantity{quantity, end};
    end += blanks;
  }
  const Word* word = FindWord(letters);
  if (word == nullptr) return std::nullopt;
  return ReadQuantity{{Times(quantity.amount, word->factor), word->unit}, end + letters.size()};
}

std::optional<Quantity> ParseQuantity(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto read = ReadQuantityFrom(text);
  if (!read || read->length != text.size()) return std::nullopt;
  return Quantity{negative ? -read->quantity.amount : read->quantity.amount, read->quantity.unit};
}

std::string_view UnitName(Unit unit) {
  switch (unit) {
    case Unit::kSteps:
      return "steps";
    case Unit::kTokens:
      return "tokens";
    case Unit::kSeconds:
      return "seconds";
    case Unit::kBytes:
      return "bytes";
    case Unit::kPercent:
      return "percent";
    case Unit::kNone:
      break;
  }
  return "";
}

}  // namespace optfleet::spec
