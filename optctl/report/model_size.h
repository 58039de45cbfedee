// What the page says about the size of a job's model, as far as its spec tells.
#pragma once

#include <string>

#include "common/json.h"

namespace optfleet::report {

// {"values": the "model" part of the spec, "parameters": elements, "state_bytes": weights, gradients and
// optimizer state as predicted}. A spec of another version, which this one cannot read, gives only the
// values; null if the text is no spec at all.
Json ModelJson(const std::string& spec_json);

}  // namespace optfleet::report
