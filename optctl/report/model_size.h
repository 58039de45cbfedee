// What the page says about the size of a job's model.
#pragma once

#include <string>

#include "common/json.h"

namespace optfleet::report {

// The "model" part of a canonical spec; null if the text is no spec.
Json ModelJson(const std::string& spec_json);

}  // namespace optfleet::report
