// The one include point of the JSON library. Insertion order is kept; canonical text is spec's business.
#pragma once

#include <nlohmann/json.hpp>

namespace optfleet {
using Json = nlohmann::ordered_json;
}  // namespace optfleet
