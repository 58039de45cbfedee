// Broken invariants stop the process: the supervisor restarts it from what is on disk.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace optfleet::domain {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition,
                                     const std::string& detail) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s; %s\n", file, line, condition, detail.c_str());
  std::abort();
}

}  // namespace optfleet::domain

// Active in every build. `detail` (anything a std::string can be made from) is evaluated only on failure.
#define OPTFLEET_CHECK(condition, detail)                                                        \
  do {                                                                                           \
    if (!(condition)) ::optfleet::domain::CheckFailed(__FILE__, __LINE__, #condition, (detail)); \
  } while (false)
