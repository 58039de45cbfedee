// The output layer and the cross-entropy in one: logits of a few rows at a time, never all of them, and their
// gradient in their place, so that what a step holds of them does not grow with the batch. The gradients of
// the hidden states and of the output matrix are made in the forward pass; the backward pass hands them on.
//
// The idea of Liger Kernel's FusedLinearCrossEntropy (arXiv 2410.10989), here with z-loss, bias, both
// reductions and accumulation in fp32. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>

namespace optfleet::trainer {

enum class Reduction { kMean, kSum };

// fp32 scalars.
struct TrainingLoss {
  at::Tensor total;  // what a backward pass starts at: nll + z
  at::Tensor nll;    // without history
  at::Tensor z;      // z_loss x logsumexp(logits)^2, without history; undefined where that is 0
};

struct OutputLossOptions {
  Reduction reduction = Reduction::kMean;
  double z_loss = 0;
  bool narrow = false;       // products in bf16 of what is fp32, as autocast does
  int64_t rows_at_once = 0;  // 0: spec/loss_rows.h
};

// Logits are hidden x weight^T + bias. hidden [n, width], weight [vocabulary, width], bias [vocabulary] or
// undefined, targets int64 [n]; hidden and weights fp32 or bf16. Gradients, if autograd records, in the types
// of what they belong to; sums over rows in fp32. One backward pass. A target outside of the vocabulary is an
// error.
TrainingLoss OutputLoss(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& targets, const OutputLossOptions& options);

// The same of logits that are there, [n, vocabulary], and are left alone; without history.
struct RowLosses {
  at::Tensor nll;  // fp32 [n], nats
  at::Tensor sum;  // fp32 scalar, to the bit what OutputLoss gives with kSum
};
RowLosses LossOfRows(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace optfleet::trainer
