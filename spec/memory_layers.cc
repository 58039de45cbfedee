// Norms, linear layers and dropout on paper.
#include "spec/memory_walk.h"

namespace optfleet::spec {

// Saves its input and two numbers for each token, RMSNorm one number and its result before the gain.
Holding MemoryWalk::Norm(const Pass& pass, Holding input, bool owns_input) {
  const int64_t elements = size_.tokens * size_.width;
  Operation norm;
  norm.gradient = elements * size_.stream;
  norm.weight_gradient = size_.width * size_.weight * (model_.has_norm_bias() ? 2 : 1);
  if (pass.tape != nullptr && owns_input) norm.saved.push_back(input);
  Holding output;
  if (model_.norm == NormKind::kRmsNorm) {
    // Always in fp32, in separate operations: squares, the result, and that times the gain.
    if (size_.stream != 4) Keep(pass, &norm, Hold(elements * 4));
    ledger_.Touch(&MemoryParts::activations, elements * 4);
    Keep(pass, &norm, Hold(size_.tokens * 4));
    const Holding normed = Hold(elements * 4);
    output = Hold(elements * size_.stream);
    Keep(pass, &norm, normed);
    norm.scratch = {elements * 4, elements * 4};
  } else {
    output = Hold(elements * size_.stream);
    Keep(pass, &norm, Hold(size_.tokens * size_.stream));  // means
    Keep(pass, &norm, Hold(size_.tokens * size_.stream));  // reciprocal standard deviations
  }
  Record(pass, std::move(norm));
  return output;
}

// Saves its input and, for the input's gradient, its weight: under autocast both as bf16 copies.
Holding MemoryWalk::Linear(Pass* pass, Holding input, const LinearShape& shape) {
  const int64_t weights = shape.inputs * shape.outputs;
  Operation linear, widen;
  if (size_.autocast) {
    const Holding cast = ledger_.Hold(&MemoryParts::workspace, weights * size_.product);
    (pass->tape != nullptr ? &linear.saved : &pass->casts)->push_back(cast);
    linear.narrow_gradient = weights * size_.product;
  }
  const bool narrows = size_.autocast && shape.from_stream;
  Holding read = input;
  if (narrows) {
    read = Hold(size_.tokens * shape.inputs * size_.product);
    widen.gradient = size_.tokens * shape.inputs * size_.stream;
    Record(*pass, std::move(widen));
  }
  const Holding output = ledger_.Hold(shape.part, size_.tokens * shape.outputs * size_.product);
  if (narrows && shape.owns_input) ledger_.Drop(input);
  if (narrows || shape.owns_input) Keep(*pass, &linear, read);
  linear.gradient = size_.tokens * shape.inputs * size_.product;
  linear.collects = shape.collects;
  const int64_t made = (weights + (shape.bias ? shape.outputs : 0)) * size_.weight;
  // A microbatch's gradient of a tied matrix waits for the embedding's before both are added.
  (accumulates_ && shape.tied ? linear.aside : linear.weight_gradient) = made;
  Record(*pass, std::move(linear));
  return output;
}

// On a CPU it keeps the factors (0 or 1 / (1 - share)) in the type of its input, on a GPU a byte for each.
Holding MemoryWalk::Dropout(const Pass& pass, Holding input, double share, int64_t elements, int64_t bytes) {
  if (share <= 0) return input;
  Operation dropout;
  const Holding kept = Hold(elements * (size_.on_gpu ? 1 : bytes));
  const Holding output = Hold(elements * bytes);
  ledger_.Drop(input);
  Keep(pass, &dropout, kept);
  dropout.gradient = elements * bytes;
  Record(pass, std::move(dropout));
  return output;
}

}  // namespace optfleet::spec
