// What a configuration of seed 4 means in our keys; docs/dialect-olmo.md says it in words.
#pragma once

#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "sweeps/dialects/olmo_config.h"

namespace optfleet::sweeps {

// One of our keys with its value as YAML, and the place of what it was made from.
struct NativeLine {
  std::string key;
  std::string value;
  SourcePosition position;
};

// Reports what cannot be said in our keys. Keys that a run does not read are left out.
std::vector<NativeLine> ToNative(OlmoConfig* config);

}  // namespace optfleet::sweeps
