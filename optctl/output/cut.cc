#include "optctl/output/cut.h"

#include "common/text.h"

namespace optfleet::output {

std::string Cut(std::string_view text, int width, bool unicode) {
  const auto limit = static_cast<size_t>(width < 0 ? 0 : width);
  if (DisplayWidth(text) <= limit) return std::string(text);
  std::string cut = TruncateToWidth(text, limit);
  constexpr std::string_view kEllipsis = "…";
  if (!unicode && cut.ends_with(kEllipsis)) cut.replace(cut.size() - kEllipsis.size(), kEllipsis.size(), "~");
  return cut;
}

}  // namespace optfleet::output
