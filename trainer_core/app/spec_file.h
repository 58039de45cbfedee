// One training spec from a file that a person wrote: YAML or JSON, the keys of docs/spec-keys.md, no axes.
#pragma once

#include <string>

#include "common/result.h"
#include "spec/training_spec.h"

namespace optfleet::trainer {

// Resolved; a relative data.path is taken from the file's folder. INVALID_ARGUMENT holds all mistakes of the
// file, rendered with their places, keys that the run does not read among them; other codes if it cannot be
// read.
Result<spec::TrainingSpec> ReadSpecFile(const std::string& path);

// The same for a file that gives only some keys: the others are those of `start`.
Result<spec::TrainingSpec> ReadSpecFile(const std::string& path, const spec::TrainingSpec& start);

// For those who want the model and its precision and no run: data and a budget need not be given, and the
// model need not fit data. The spec is resolved but for what follows from them.
Result<spec::TrainingSpec> ReadModelSpecFile(const std::string& path);

}  // namespace optfleet::trainer
