#include "optctl/output/bars.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace optfleet::output {
namespace {

constexpr std::array<const char*, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 10> kDigits = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

}  // namespace

std::string ProgressBar(double share, int cells) {
  if (!(share > 0)) return std::string(static_cast<size_t>(cells), '-');
  int full = share >= 1 ? cells : static_cast<int>(share * cells);
  if (share < 1) full = std::clamp(full, 1, std::max(cells - 1, 1));
  return std::string(static_cast<size_t>(full), '#') + std::string(static_cast<size_t>(cells - full), '-');
}

std::string Sparkline(std::span<const double> values, int cells, bool unicode) {
  if (values.size() > static_cast<size_t>(cells)) values = values.last(static_cast<size_t>(cells));
  double least = std::numeric_limits<double>::infinity();
  double largest = -least;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    least = std::min(least, value);
    largest = std::max(largest, value);
  }
  const size_t levels = unicode ? kBlocks.size() : kDigits.size();
  std::string text;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      text += 'x';
      continue;
    }
    const double height = largest > least ? (value - least) / (largest - least) : 0;
    const auto level = std::min(levels - 1, static_cast<size_t>(height * static_cast<double>(levels)));
    text += unicode ? kBlocks[level] : kDigits[level];
  }
  return text;
}

}  // namespace optfleet::output
