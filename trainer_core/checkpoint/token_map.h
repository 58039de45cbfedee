// Which row of an old vocabulary each token of a new one takes. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace optfleet::trainer {

// Of each new id the old one, -1 for those that have none.
using TokenMap = std::vector<int64_t>;

// Equal ids are equal tokens.
TokenMap SameTokens(int64_t old_size, int64_t new_size);

// Lines "OLD NEW": two ids with blanks, a tab or a comma between; # begins a comment. INVALID_ARGUMENT with
// the line for what is no such pair, an id outside its vocabulary or a new id that stands there twice.
Result<TokenMap> ParseTokenMap(std::string_view text, int64_t old_size, int64_t new_size);

}  // namespace optfleet::trainer
