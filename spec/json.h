// A spec as JSON: {"model": {"layers": 4, ...}, "optimizer": {...}, ...}, the keys of spec/fields.h in the
// table's order, without those that the run does not read and that hold their default. The JSON of a resolved
// spec is a file that may be run again. A length in steps is a number, any other a text ("10%"). Canonical
// text is that JSON without spaces and with shortest round-trip numbers.
//
// A spec's hash is the SHA-256 of the same text without any value that is a default and without the group
// `checkpoint` and the name of a preset, which change no number of a run
// (docs/decisions/0010-what-a-spec-hash-covers.md). So a new key whose default is what runs did before
// changes no hash; and no default may ever change. Only hashes of resolved specs can be compared
// (spec/resolve.h). Pure; usable from any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/json.h"
#include "common/result.h"
#include "spec/fields.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

inline constexpr std::string_view kGroupOutsideHash = "checkpoint";

Json ToJson(const Value& value);
Json ToJson(const TrainingSpec& spec);
// Strict: an unknown key, a wrong type or a value out of range is INVALID_ARGUMENT; missing keys take their
// defaults. The result is not resolved (spec/resolve.h).
Result<TrainingSpec> FromJson(const Json& json);

std::string CanonicalText(const TrainingSpec& spec);
std::string HashedText(const TrainingSpec& spec);
std::string Hash(const TrainingSpec& spec);  // 64 hexadecimal digits
// The same wherever the run's files lie: names of files do not count, and whoever compares these hashes
// compares fingerprints of the content.
std::string HashOfRun(TrainingSpec spec);

}  // namespace optfleet::spec
