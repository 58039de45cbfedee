// The scripts and styles of the page, embedded when the program is built (embed.cmake): the chart library as
// its package ships it, with its licence, and ours. The texts are constants; `sha256` is of exactly these
// bytes.
#pragma once

#include <string_view>

namespace optfleet::report {

struct WebAsset {
  std::string_view text;
  std::string_view sha256;  // 64 hexadecimal digits
};

extern const WebAsset kChartScript;
extern const WebAsset kChartStyle;
extern const WebAsset kPageScript;
extern const WebAsset kPageStyle;

}  // namespace optfleet::report
