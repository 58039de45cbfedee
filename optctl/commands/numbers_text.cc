#include "optctl/commands/numbers_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/text.h"

namespace optfleet::commands {
namespace {
constexpr size_t kNumbersShown = 12;
}  // namespace

std::string CountText(int64_t count, std::string_view one, std::string_view many) {
  return FormatCount(count).append(" ").append(count == 1 ? one : many);
}

std::string NumbersText(const std::vector<int64_t>& numbers) {
  const size_t shown = std::min(numbers.size(), kNumbersShown);
  std::string text = fmt::format(
      "{}", fmt::join(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < numbers.size()) text += fmt::format(" and {} more", numbers.size() - shown);
  return text;
}

}  // namespace optfleet::commands
