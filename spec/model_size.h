// A model's size on paper, and the width or depth that has a size. Pure; usable from any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "spec/model_spec.h"

namespace optfleet::spec {

// Weights of the linear layers of all blocks: 12 width^2 layers of the default parts.
int64_t CountBlockWeights(const ModelSpec& model);

// The figures of a compute budget C (arXiv 2203.15556): C = 6 N D and D = ratio x N, so N = sqrt(C / (6
// ratio)).
double ParametersOfFlops(double flops, double tokens_per_parameter);
double TokensOfFlops(double flops, double parameters);

// The model with the width or, with Derive::kLayers, the number of layers whose size is nearest to that asked
// for by block_parameters or from_flops, which are taken back. A width is a multiple of head_width or,
// without one, of 2 x heads. Nothing if no size in the keys' ranges comes nearer than half to twice.
std::optional<ModelSpec> Sized(ModelSpec model);

}  // namespace optfleet::spec
