// What automatic differentiation keeps and makes, on paper: operations are recorded in the forward pass with
// the tensors that they save, and walked back through.
#pragma once

#include <functional>
#include <vector>

#include "spec/memory_ledger.h"

namespace optfleet::spec {

// Backward, the gradient of the input is made beside the one that arrived; then that one goes, and what the
// operation saved.
struct Operation {
  enum class Kind {
    kPlain,
    kJoin,   // a branch is added to the residual stream, whose gradient waits while the branch is walked
    kSplit,  // the branch begins: its gradient is added to the stream's in place
    kOwn     // walks back by a function of its own
  };
  Kind kind = Kind::kPlain;
  std::vector<Holding> saved = {};
  int64_t gradient = 0;               // of the input; 0: the one that arrived is passed on
  std::vector<int64_t> scratch = {};  // beside both, until the input's gradient is made
  int64_t aside = 0;                  // another gradient, that waits
  int collects = 0;                   // so many of those that wait are taken in
  int64_t weight_gradient = 0;        // stays, or is added to the one that is there
  int64_t narrow_gradient = 0;        // the same in bf16, before it is widened
  std::function<Holding(Holding gradient)> backward = {};  // of kOwn; returns the gradient of the input
  MemoryPart part = &MemoryParts::activations;
};

class MemoryTape {
 public:
  // `accumulates`: weights have gradients from a microbatch before.
  MemoryTape(MemoryLedger* ledger, bool accumulates) : ledger_(*ledger), accumulates_(accumulates) {}

  void Record(Operation operation) { operations_.push_back(std::move(operation)); }
  // Walks back to the first operation and forgets them all. Returns the gradient of what went in. `gradient`
  // is dropped on the way; none: one that somebody else holds to the end.
  Holding Backward(Holding gradient);

 private:
  Holding BackThrough(const Operation& operation, Holding gradient);
  Holding BackThroughPlain(const Operation& operation, Holding gradient);
  Holding MakeWeightGradient(const Operation& operation);

  MemoryLedger& ledger_;
  const bool accumulates_;
  std::vector<Operation> operations_;
  std::vector<Holding> streams_;  // gradients that wait for their branch
  std::vector<Holding> aside_;
};

}  // namespace optfleet::spec
