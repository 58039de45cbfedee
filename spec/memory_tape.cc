#include "spec/memory_tape.h"

namespace optfleet::spec {

Holding MemoryTape::Backward(Holding gradient) {
  while (!operations_.empty()) {
    const Operation operation = std::move(operations_.back());
    operations_.pop_back();
    gradient = BackThrough(operation, gradient);
    for (const Holding& saved : operation.saved) ledger_.Drop(saved);
  }
  return gradient;
}

Holding MemoryTape::BackThrough(const Operation& operation, Holding gradient) {
  switch (operation.kind) {
    case Operation::Kind::kOwn:
      return operation.backward(gradient);
    case Operation::Kind::kJoin:
      streams_.push_back(gradient);
      // The branch takes the same tensor unless it has to be narrowed for it.
      return operation.gradient > 0 ? ledger_.Hold(operation.part, operation.gradient) : Holding{};
    case Operation::Kind::kSplit: {
      Holding stream = streams_.back();
      streams_.pop_back();
      if (stream.bytes == 0) stream = ledger_.Hold(operation.part, gradient.bytes);  // not ours to add to
      ledger_.Drop(gradient);
      return stream;
    }
    case Operation::Kind::kPlain:
      break;
  }
  return BackThroughPlain(operation, gradient);
}

Holding MemoryTape::BackThroughPlain(const Operation& operation, Holding gradient) {
  std::vector<Holding> scratch;
  for (const int64_t bytes : operation.scratch) scratch.push_back(ledger_.Hold(operation.part, bytes));
  if (operation.aside > 0) aside_.push_back(ledger_.Hold(operation.part, operation.aside));
  Holding made = gradient;
  if (operation.gradient > 0) made = ledger_.Hold(operation.part, operation.gradient);
  const bool narrow = operation.narrow_gradient > 0;
  Holding weight = narrow ? ledger_.Hold(&MemoryParts::workspace, operation.narrow_gradient)
                          : MakeWeightGradient(operation);
  for (const Holding& held : scratch) ledger_.Drop(held);
  if (operation.gradient > 0) ledger_.Drop(gradient);
  if (narrow) {
    const Holding wide = MakeWeightGradient(operation);
    ledger_.Drop(weight);
    weight = wide;
  }
  if (accumulates_) ledger_.Drop(weight);
  for (int i = 0; i < operation.collects; ++i) {
    ledger_.Drop(aside_.back());
    aside_.pop_back();
  }
  return made;
}

Holding MemoryTape::MakeWeightGradient(const Operation& operation) {
  const MemoryPart part = accumulates_ ? &MemoryParts::workspace : &MemoryParts::gradients;
  return ledger_.Hold(part, operation.weight_gradient);
}

}  // namespace optfleet::spec
