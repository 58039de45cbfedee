// From the last norm to the loss: the largest tensors of small models with large vocabularies.
#include "spec/loss_rows.h"
#include "spec/memory_walk.h"

namespace optfleet::spec {
namespace {

constexpr MemoryPart kLogits = &MemoryParts::logits;

}  // namespace

bool MemoryWalk::TakesAllLogits(const Pass& pass) const {
  const bool every_token = !pass.training && spec_.evaluation.metrics != ValidationMetrics::kStandard;
  return pass.drawn || every_token || spec_.training.softmax_precision == SoftmaxPrecision::kBf16;
}

void MemoryWalk::Loss(Pass* pass, Holding hidden) {
  if (!TakesAllLogits(*pass)) return LossInPieces(*pass, hidden);
  const Holding logits = Logits(pass, hidden);
  const Holding chances = ledger_.Hold(kLogits, pass->drawn ? size_.tokens * size_.vocabulary * 4 : 0);
  LossOfLogits(*pass, logits);
  ledger_.Drop(chances);
}

// trainer_core/loss/output_loss.h. Logits of some rows become their own gradient; the gradients of the hidden
// states and of the matrix are made in the forward pass and handed on in the backward one.
void MemoryWalk::LossInPieces(const Pass& pass, Holding hidden) {
  const bool taped = pass.tape != nullptr;
  const int64_t rows = LossRowsAtOnce(size_.tokens, size_.vocabulary);
  const int64_t weights = size_.vocabulary * size_.width;
  const int64_t biases = model_.has_output_bias() ? size_.vocabulary : 0;
  Holdings named;
  Holding of_hidden, of_weight;
  if (taped) of_hidden = Hold(size_.tokens * size_.width * size_.stream);
  if (size_.autocast) {
    named.push_back(ledger_.Hold(&MemoryParts::workspace, (weights + biases) * size_.product));
    named.push_back(Hold(rows * size_.width * size_.product));
  }
  named.push_back(ledger_.Hold(kLogits, rows * size_.vocabulary * size_.product));
  // On a GPU by LibTorch's operations: the gradient beside the logits, and under bf16 those widened.
  if (size_.on_gpu) ledger_.Touch(kLogits, rows * size_.vocabulary * (size_.product == 4 ? 4 : 8));
  if (taped) {
    if (size_.autocast) ledger_.Touch(&MemoryParts::activations, rows * size_.width * size_.product);
    const bool one = rows >= size_.tokens;
    of_weight = ledger_.Hold(kLogits, (weights + biases) * (one ? size_.product : 4));
    // A piece's product, widened to be added.
    if (!one && size_.product != 4) ledger_.Touch(kLogits, weights * (size_.product + 4));
  }
  DropAll(&named);
  const int64_t table = (weights + biases) * size_.weight;
  if (taped && of_weight.bytes != table) {
    const Holding as_weight = ledger_.Hold(kLogits, table);
    ledger_.Drop(of_weight);
    of_weight = as_weight;
  }
  ledger_.Drop(hidden);
  Operation handed, loss{Operation::Kind::kOwn};
  handed.part = kLogits;
  // A microbatch's gradient of a tied matrix waits for the embedding's before both are added.
  (accumulates_ && model_.tie_output ? handed.aside : handed.weight_gradient) = table;
  Record(pass, std::move(handed));
  loss.backward = [this, of_hidden, of_weight](Holding) {
    ledger_.Drop(of_weight);  // becomes that of `handed`
    return of_hidden;
  };
  Record(pass, std::move(loss));
}

Holding MemoryWalk::Logits(Pass* pass, Holding hidden) {
  LinearShape shape{size_.width, size_.vocabulary, model_.has_output_bias(), /*from_stream=*/true};
  shape.tied = model_.tie_output;
  shape.part = kLogits;
  return Linear(pass, hidden, shape);
}

// Cross-entropy in fp32 saves the log-softmax. Backward: the gradient of that, then that of the logits.
void MemoryWalk::LossOfLogits(const Pass& pass, Holding logits) {
  const int64_t wide = size_.tokens * size_.vocabulary * 4;
  const int64_t narrow = logits.bytes;
  const bool in_bf16 = spec_.training.softmax_precision == SoftmaxPrecision::kBf16;
  Operation sum, narrow_gradient, log_softmax, choose;
  for (Operation* operation : {&sum, &narrow_gradient, &log_softmax, &choose}) operation->part = kLogits;
  const double z_loss = pass.training && !pass.drawn ? spec_.training.z_loss : 0;
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
