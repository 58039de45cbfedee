// Broken invariants stop the process: the supervisor restarts it from what is on disk.
#pragma once

#include <string_view>

namespace optfleet::domain {

// Prints which condition broke where, and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, std::string_view detail);

}  // namespace optfleet::domain

// Active in every build. `detail` (a text) is evaluated only on failure.
#define OPTFLEET_CHECK(condition, detail)                                                        \
  do {                                                                                           \
    if (!(condition)) ::optfleet::domain::CheckFailed(__FILE__, __LINE__, #condition, (detail)); \
  } while (false)
