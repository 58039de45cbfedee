// The model of a spec on paper: its parameters by name and shape, their bytes and the work they cause.
// trainer_core registers exactly these, in this order (its tests hold the list against real tensors). Pure;
// usable from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/training_spec.h"

namespace optfleet::spec {

struct Parameter {
  std::string name;            // "blocks.0.attention.qkv.weight"; part of the checkpoint format
  std::vector<int64_t> shape;  // a linear weight is [outputs, inputs]
  ParameterGroup group = ParameterGroup::kMlp;

  int64_t count() const;  // elements
};

// In the order of registration; what a part does not have is not listed. The model is resolved. Names and
// shapes of every part: docs/models.md.
std::vector<Parameter> Parameters(const ModelSpec& model);

// Whether the model has parameters of a group.
bool HasGroup(const ModelSpec& model, ParameterGroup group);

// Elements of all of them, in closed form: cheap for any depth.
int64_t CountParameters(const ModelSpec& model);

// Bytes that a run holds from its first step to its last, besides activations and scratch. Exact. Weights and
// gradients are fp32, also under bf16 autocast, and bf16 under pure_bf16; what a rule keeps:
// spec/optimizer_state.h.
struct StateBytes {
  int64_t weights = 0;
  int64_t gradients = 0;
  int64_t optimizer = 0;
  int64_t average = 0;  // fp32
  int64_t total() const { return weights + gradients + optimizer + average; }
};
StateBytes BytesOfState(const TrainingSpec& spec);

// Floating-point operations to train on one token, forward and backward:
//   6 N + 12 layers x width x sequence_length
// N: parameters of matrix products (linear weights, the gate of swiglu among them, and the output matrix,
// tied or not; not embeddings, positions, norms, biases, mixing weights). Fewer kv_heads make N smaller, not
// the second term. The second term is attention's two products over the full square (arXiv 2204.02311,
// appendix B); recomputation is not counted.
double FlopsPerToken(const ModelSpec& model, int64_t sequence_length);

// The same of all tokens of a resolved spec whose steps are known; 0 of others.
double FlopsOfRun(const TrainingSpec& spec);

}  // namespace optfleet::spec
