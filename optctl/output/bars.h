// Small pictures made of characters. Pure.
#pragma once

#include <span>
#include <string>

namespace optfleet::output {

// "##############--------": `share` from 0 to 1 of `cells` characters. Full only at 1, empty only at 0.
std::string ProgressBar(double share, int cells);

// The newest `cells` values as heights between their least and largest finite value, oldest first; a
// non-finite value is "x". Blocks in a UTF-8 locale, else the digits 0 (least) to 9. Empty if there is
// nothing to draw.
std::string Sparkline(std::span<const double> values, int cells, bool unicode);

}  // namespace optfleet::output
