#include <cstdio>

#include "common/version.h"
#include "worker/shim/shim.h"

int main(int count, char** arguments) {
  const auto options = optfleet::shim::ParseOptions({arguments + 1, arguments + count});
  if (!options) {
    std::fprintf(stderr, "opt-shim: %s\n", options.error().message().c_str());
    return 2;
  }
  if (options->version) {
    std::printf("opt-shim %s\n", optfleet::kVersion);
    return 0;
  }
  return optfleet::shim::Run(*options);
}
