// One microbatch of a model on paper. Tensors come and go in the order of trainer_core/model: a change there
// is one here, and the grid test (python/parity/memory_parity.py) sees when they differ.
#pragma once

#include "spec/memory_tape.h"

namespace optfleet::spec {

// Extents, and bytes of an element.
struct WalkSizes {
  WalkSizes(const TrainingSpec& spec, MemoryDevice device);

  int64_t tokens;  // of a microbatch
  int64_t rows;    // of attention: tokens x heads
  int64_t scores;  // rows x length
  int64_t width, key_value_width, mlp_width, vocabulary;
  bool autocast;  // weights and residual stream fp32, products bf16
  bool manual;    // attention in separate products; also what LibTorch's kernel falls back to
  bool on_gpu;
  int64_t weight;   // bytes of a weight and of its gradient
  int64_t stream;   // of the residual stream and of norms
  int64_t product;  // of what linear layers and attention give
  int64_t scoring;  // of products inside attention: LibTorch's fallback widens bf16
  int64_t softmax;  // of attention's softmax
};

class MemoryWalk {
 public:
  MemoryWalk(const TrainingSpec& spec, MemoryDevice device, MemoryLedger* ledger);

  // Forward and backward. `accumulates`: it finds the gradients of a microbatch before.
  void Microbatch(bool accumulates);
  // The same for a gradient at drawn labels, which takes all logits at once (optimizer.name: sophia).
  void Curvature(bool accumulates);
  // Forward only, as validation does.
  void Validate();

 private:
  struct Pass {
    MemoryTape* tape = nullptr;       // nullptr: nothing is kept for a backward pass
    bool training = false;            // dropout
    std::vector<Holding> casts = {};  // bf16 copies of weights that only autocast's cache holds
    bool drawn = false;               // labels
  };
  struct LinearShape {
    int64_t inputs, outputs;
    bool bias = false;
    bool from_stream = false;  // its input is fp32 under autocast, and narrowed
    bool owns_input = true;    // nothing else saved it
    int collects = 0;          // gradients that wait for it
    bool tied = false;         // to the token embedding, whose gradient comes last
    MemoryPart part = &MemoryParts::activations;
  };
  using Holdings = std::vector<Holding>;
  struct Heads {
    Holdings made;                  // queries and keys, and values, that are not views of the projection
    bool reads_projection = false;  // something is
  };

  Holding Hold(int64_t bytes) { return ledger_.Hold(&MemoryParts::activations, bytes); }
  // From here on only the backward pass needs `tensor`, if there is one.
  void Keep(const Pass& pass, Operation* operation, Holding tensor);
  // The same of a tensor that the code holds by a name until `named` is dropped.
  static void KeepNamed(const Pass& pass, Operation* operation, Holding tensor, Holdings* named);
  static void Record(const Pass& pass, Operation operation);
  void DropAll(Holdings* tensors);

  void ForwardAndBackward(bool accumulates, bool drawn);
  Holding Embed(const Pass& pass);
  Holding Hidden(Pass* pass);
  Holding Mix(const Pass& pass, int64_t count, Holdings* outputs);
  Holding Recomputed(Pass* pass, Holding input);
  Holding Block(Pass* pass, Holding input, bool owns_input);
  Holding PostNormBlock(Pass* pass, Holding input, bool owns_input);
  Holding Attention(Pass* pass, Holding input, bool owns_input);
  Holding Mlp(Pass* pass, Holding input, bool owns_input);
  Holding Join(const Pass& pass, Holding branch);

  Holding Norm(const Pass& pass, Holding input, bool owns_input);
  Holding Linear(Pass* pass, Holding input, const LinearShape& shape);
  Holding Dropout(const Pass& pass, Holding input, double share, int64_t elements, int64_t bytes);

  bool SplitsPlainly() const;
  void RecordSplit(const Pass& pass);
  Holding NormOfHeads(const Pass& pass, int64_t elements, Operation* norm);
  Heads PrepareHeads(const Pass& pass, Holdings* named);
  Holding FusedAttention(const Pass& pass, Holding qkv, Holdings* named);
  Holding AttentionByProducts(const Pass& pass, Holding qkv, Holdings* named);
  Holding Probabilities(const Pass& pass, Holdings* named);

  bool TakesAllLogits(const Pass& pass) const;
  void Loss(Pass* pass, Holding hidden);
  void LossInPieces(const Pass& pass, Holding hidden);
  Holding Logits(Pass* pass, Holding hidden);
  void LossOfLogits(const Pass& pass, Holding logits);
  void SquaredLogSum(const Pass& pass, Holding logits);

  const TrainingSpec& spec_;
  const ModelSpec& model_;
  const WalkSizes size_;
  MemoryLedger& ledger_;
  bool accumulates_ = false;
};

}  // namespace optfleet::spec
