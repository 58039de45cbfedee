// The plain mean of weights in several files, as a file of the same names, shapes and types. Knows no Torch.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace optfleet::trainer {

// Each of `paths` is a safetensors file, a checkpoint or a run directory, whose weights are meant. Sums are
// fp64, in the order of `paths`; the mean is rounded once, to the type of its tensor. `out` appears whole or
// not at all, and must not be there. FAILED_PRECONDITION names every tensor that is not in all files with one
// shape and type, and those that are no floating-point numbers and differ; DATA_LOSS for a damaged file.
Status AverageFiles(const std::vector<std::string>& paths, const std::string& out);

}  // namespace optfleet::trainer
