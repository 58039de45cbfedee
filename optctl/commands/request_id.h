// Ids that make a repeated request harmless. Both are UUIDs in their usual form.
#pragma once

#include <string>
#include <string_view>

namespace optfleet::commands {

// A new one for each call.
std::string RandomRequestId();

// The same for the same content: a repeated `optctl run` of one file means one sweep.
std::string RequestIdOf(std::string_view content);

}  // namespace optfleet::commands
