// A spec as JSON: {"model": {"layers": 4, ...}, "optimizer": {...}, ...}, the keys of spec/fields.h in the
// table's order, without those that the run does not read and that hold their default. The JSON of a resolved
// spec is a file that may be run again. A length in steps is a number, any other a text ("10%").
// Pure; usable from any thread. Its canonical text and its hash: spec/canonical.h.
#pragma once

#include "common/json.h"
#include "common/result.h"
#include "spec/fields.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

Json ToJson(const Value& value);
Json ToJson(const TrainingSpec& spec);
// Strict: an unknown key, a wrong type or a value out of range is INVALID_ARGUMENT; missing keys take their
// defaults. The result is not resolved (spec/resolve.h).
Result<TrainingSpec> FromJson(const Json& json);

}  // namespace optfleet::spec
