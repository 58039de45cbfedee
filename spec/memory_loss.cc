// From the last norm to the loss: the largest tensors of small models with large vocabularies.
#include "spec/memory_walk.h"

namespace optfleet::spec {
namespace {

constexpr MemoryPart kLogits = &MemoryParts::logits;

}  // namespace

Holding MemoryWalk::Logits(Pass* pass, Holding hidden) {
  LinearShape shape{size_.width, size_.vocabulary, model_.has_output_bias(), /*from_stream=*/true};
  shape.tied = model_.tie_output;
  shape.part = kLogits;
  return Linear(pass, hidden, shape);
}

// Cross-entropy in fp32 saves the log-softmax. Backward: the gradient of that, then that of the logits.
void MemoryWalk::Loss(const Pass& pass, Holding logits) {
  const int64_t wide = size_.tokens * size_.vocabulary * 4;
  const int64_t narrow = logits.bytes;
  const bool in_bf16 = spec_.training.softmax_precision == SoftmaxPrecision::kBf16;
  Operation sum, narrow_gradient, log_softmax, choose;
  for (Operation* operation : {&sum, &narrow_gradient, &log_softmax, &choose}) operation->part = kLogits;
  const double z_loss = pass.training ? spec_.training.z_loss : 0;
  if (z_loss > 0) {
    sum.collects = 1;
    Record(pass, std::move(sum));
  }
  if (narrow != wide) {
    narrow_gradient.gradient = narrow;
    Record(pass, std::move(narrow_gradient));
  }
  std::vector<Holding> named;
  if (in_bf16) {
    // x - max, its powers, the result, and that widened.
    named.push_back(ledger_.Hold(kLogits, narrow));
    Keep(pass, &log_softmax, ledger_.Hold(kLogits, narrow));
    named.push_back(ledger_.Hold(kLogits, narrow));
    log_softmax.scratch = {narrow};
    log_softmax.gradient = narrow;
    Keep(pass, &choose, ledger_.Hold(kLogits, wide));
  } else {
    if (narrow != wide) named.push_back(ledger_.Hold(kLogits, wide));
    Keep(pass, &log_softmax, ledger_.Hold(kLogits, wide));
    log_softmax.gradient = wide;
  }
  choose.gradient = wide;
  Record(pass, std::move(log_softmax));
  Record(pass, std::move(choose));
  DropAll(&named);
  if (z_loss > 0) SquaredLogSum(pass, logits);
  if (z_loss <= 0 || narrow != wide) ledger_.Drop(logits);
}

// z-loss. The log-sum-exp saves what it read; x - max is raised in place. Backward: x - result, its powers,
// and their product with the gradient, which is added to that of the cross-entropy.
void MemoryWalk::SquaredLogSum(const Pass& pass, Holding logits) {
  const int64_t wide = size_.tokens * size_.vocabulary * 4;
  Operation squared;
  squared.part = kLogits;
  Holding read = logits;
  if (logits.bytes != wide) read = ledger_.Hold(kLogits, wide);
  ledger_.Touch(kLogits, wide);
  Keep(pass, &squared, read);
  squared.scratch = {wide, wide};
  if (logits.bytes != wide) squared.scratch.push_back(wide);
  squared.aside = logits.bytes;
  Record(pass, std::move(squared));
}

}  // namespace optfleet::spec
