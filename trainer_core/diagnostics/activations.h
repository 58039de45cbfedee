// What blocks hand on and how attention spreads, over all microbatches of a step. Owned by the training
// thread.
#pragma once

#include <map>
#include <vector>

#include "trainer_core/diagnostics/kind.h"

namespace optfleet::trainer {

// activation_rms/blocks.N: root of the mean square of all elements of a block's output.
// attention_entropy/blocks.N: mean over sequences, heads and rows of -sum p ln p, nats, of the first 2 heads
// and
//   the first 128 positions; p is computed anew in fp32 from queries and keys, whatever kernel the model
//   uses. Row i (from 0) is at most ln(i + 1).
class ActivationFigures final : public Kind, public ForwardObserver {
 public:
  explicit ActivationFigures(const spec::TrainingSpec& spec);

  void SeeBlockOutput(int64_t layer, const at::Tensor& output) override;
  bool WantsScores(int64_t layer) const override;
  void SeeScores(int64_t layer, const AttentionScores& scores) override;

  void BeforeUpdate(const UpdateView& view, Figures* figures) override;

 private:
  struct Mean {
    at::Tensor sum;
    double count = 0;
    void Add(const at::Tensor& term, double terms);
  };
  const std::vector<int64_t> output_layers_, score_layers_;
  std::map<int64_t, Mean> outputs_, entropies_;  // of this step, by layer
};

// The rows of softmax(q k^T / sqrt(head width) + bias) under the causal mask: [sequences, heads, rows, rows],
// of at most so many heads and rows, fp32.
at::Tensor AttentionRows(const AttentionScores& scores, int64_t most_heads, int64_t most_rows);

}  // namespace optfleet::trainer
