#include "tests/fuzz/check.h"

#include <cstdio>
#include <cstdlib>

namespace optfleet::fuzz {

void Check(bool holds, const std::string& sentence) {
  if (holds) return;
  std::fprintf(stderr, "fuzzer: %s\n", sentence.c_str());
  std::abort();
}

}  // namespace optfleet::fuzz
