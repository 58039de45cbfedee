// What weights start from. Drawn on the CPU from a generator of its own, in the order of the parameters, so
// that every device starts from the same numbers. Norms' gains are 1 and biases 0; mixing weights of
// residuals are 0 but for the last, which is 1 (arXiv 2311.02265).
//
// Matrices, with d the width and l the layer from 0:
//   normal:             N(0, init_std); those that write into the residual stream / sqrt(2 layers)
//   truncated_by_layer: normal, cut at 3 s; s = 1 / sqrt(d), for attention.output / sqrt(2 (l + 1)), and for
//                       mlp.down 1 / sqrt(mlp_width) / sqrt(2 (l + 1)) (OLMo's "mitchell")
//   xavier:             uniform to +-sqrt(6 / (inputs + outputs)), of qkv as one matrix; embeddings
//                       N(0, 1 / sqrt(d))
#pragma once

#include <cstdint>

#include "spec/model_spec.h"
#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

// Parameters under the names of spec/parameters.h.
void InitializeWeights(const spec::ModelSpec& model, int64_t seed, const NamedTensors& parameters);

}  // namespace optfleet::trainer
