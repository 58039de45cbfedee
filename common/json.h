// The one include point of the JSON library. Insertion order is kept; canonical text is spec's business.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace optfleet {
using Json = nlohmann::ordered_json;

// A text in double quotes, as JSON and YAML write it. Bytes that are no UTF-8 (names of files may hold some)
// become U+FFFD; Json::dump would throw.
inline std::string QuotedText(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}
}  // namespace optfleet
