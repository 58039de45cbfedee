// Text that fits into so many columns. Pure.
#pragma once

#include <string>
#include <string_view>

namespace optfleet::output {

// As TruncateToWidth of common/text.h; where the locale is not UTF-8 the mark of a cut is "~".
std::string Cut(std::string_view text, int width, bool unicode);

}  // namespace optfleet::output
