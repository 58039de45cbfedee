// A spec as JSON: {"model": {"layers": 4, ...}, "optimizer": {...}, ...}, every key of spec/fields.h, in the
// table's order. Canonical text is that JSON without spaces and with shortest round-trip numbers; its SHA-256
// is the spec's hash.
#pragma once

#include <string>

#include "common/json.h"
#include "common/result.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

Json ToJson(const TrainingSpec& spec);
// Strict: an unknown key, a wrong type or a value out of range is INVALID_ARGUMENT; missing keys take their
// defaults. The result is not resolved (spec/resolve.h).
Result<TrainingSpec> FromJson(const Json& json);

std::string CanonicalText(const TrainingSpec& spec);
std::string Hash(const TrainingSpec& spec);  // 64 hexadecimal digits

}  // namespace optfleet::spec
