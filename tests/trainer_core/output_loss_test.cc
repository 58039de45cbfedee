// The output layer and loss in pieces against LibTorch's own operations, and its rows on every instruction
// set.
#include "trainer_core/loss/output_loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>
#include <vector>

#include "spec/loss_rows.h"
#include "trainer_core/model/precision_scope.h"

namespace optfleet::trainer {
namespace {

struct Inputs {
  at::Tensor hidden, weight, bias, targets;
};

// Scores of some size, so that probabilities are far from equal.
Inputs Draw(int64_t rows, int64_t vocabulary, at::ScalarType type) {
  at::manual_seed(5);
  Inputs in{at::randn({rows, 16}).to(type).requires_grad_(),
            at::randn({vocabulary, 16}).to(type).requires_grad_(),
            at::randn({vocabulary}).to(type).requires_grad_(), at::randint(vocabulary, {rows}, at::kLong)};
  in.targets[0] = vocabulary - 1;
  return in;
}

struct Outcome {
  at::Tensor nll, z;
  std::vector<at::Tensor> gradients;
};

Outcome Ours(const Inputs& in, const OutputLossOptions& options, double share = 1) {
  const TrainingLoss loss = OutputLoss(in.hidden, in.weight, in.bias, in.targets, options);
  return {loss.nll, loss.z, torch::autograd::grad({loss.total * share}, {in.hidden, in.weight, in.bias})};
}

// In fp64, of the same numbers.
Outcome Exact(const Inputs& in, const OutputLossOptions& options, double share = 1) {
  const auto wide = [](const at::Tensor& x) { return x.detach().to(at::kDouble).requires_grad_(); };
  const at::Tensor hidden = wide(in.hidden), weight = wide(in.weight), bias = wide(in.bias);
  const at::Tensor logits = at::linear(hidden, weight, bias);
  const bool mean = options.reduction == Reduction::kMean;
  const at::Tensor nll =
      at::cross_entropy_loss(logits, in.targets, {}, mean ? at::Reduction::Mean : at::Reduction::Sum);
  const at::Tensor squares = at::logsumexp(logits, -1).square();
  const at::Tensor z = (mean ? squares.mean() : squares.sum()) * options.z_loss;
  return {nll.detach(), z.detach(), torch::autograd::grad({(nll + z) * share}, {hidden, weight, bias})};
}

double Off(const at::Tensor& found, const at::Tensor& exact) {
  return ((found.to(at::kDouble) - exact).abs().max() / exact.abs().max()).item<double>();
}

void ExpectClose(const Outcome& found, const Outcome& exact, double tolerance) {
  EXPECT_LT(Off(found.nll, exact.nll), tolerance);
  if (found.z.defined()) {
    EXPECT_LT(Off(found.z, exact.z), tolerance);
  }
  for (size_t i = 0; i < exact.gradients.size(); ++i)
    EXPECT_LT(Off(found.gradients[i], exact.gradients[i]), tolerance) << "gradient " << i;
}

TEST(OutputLoss, IsCrossEntropyAndZLossWithTheirGradients) {
  for (const int64_t vocabulary : {3, 16, 37, 2500}) {
    const Inputs in = Draw(24, vocabulary, at::kFloat);
    for (const Reduction reduction : {Reduction::kMean, Reduction::kSum})
      for (const double z : {0.0, 0.1})
        ExpectClose(Ours(in, {.reduction = reduction, .z_loss = z}),
                    Exact(in, {.reduction = reduction, .z_loss = z}), 3e-6);
  }
}

TEST(OutputLoss, ScalesItsGradientsByTheOneThatArrives) {
  const Inputs in = Draw(24, 37, at::kFloat);
  ExpectClose(Ours(in, {}, 0.25), Exact(in, {}, 0.25), 3e-6);
}

// The last piece is smaller.
TEST(OutputLoss, InPiecesIsTheSame) {
  const Inputs in = Draw(24, 37, at::kFloat);
  for (const int64_t rows : {1, 10, 12}) {
    ExpectClose(Ours(in, {.rows_at_once = rows}), Exact(in, {}), 3e-6);
    EXPECT_LT(Off(Ours(in, {.narrow = true, .rows_at_once = rows}).gradients[1], Exact(in, {}).gradients[1]),
              2e-2);
  }
}

TEST(OutputLoss, OfLogitsThatAreThereHasTheSameBits) {
  const Inputs in = Draw(24, 37, at::kFloat);
  const at::NoGradGuard no_grad;
  const at::Tensor logits = at::addmm(in.bias, in.hidden, in.weight.t());
  const at::Tensor kept = logits.clone();
  const RowLosses rows = LossOfRows(logits, in.targets);
  const OutputLossOptions sum{.reduction = Reduction::kSum};
  EXPECT_EQ(rows.sum.item<float>(),
            OutputLoss(in.hidden, in.weight, in.bias, in.targets, sum).nll.item<float>());
  EXPECT_LT(Off(rows.nll.sum(), rows.sum.to(at::kDouble)), 1e-6);
  EXPECT_TRUE(logits.equal(kept));
  const at::Tensor turned = logits.t().contiguous().t();  // the same numbers, laid out by columns
  EXPECT_TRUE(LossOfRows(turned, in.targets).nll.equal(rows.nll));
}

TEST(OutputLoss, RefusesATargetThatIsNoToken) {
  for (const int64_t wrong : {-100, 37}) {
    const Inputs in = Draw(4, 37, at::kFloat);
    in.targets[2] = wrong;
    EXPECT_THROW(OutputLoss(in.hidden, in.weight, in.bias, in.targets, {}), c10::IndexError);
  }
}

TEST(OutputLoss, RowsAtOnceCoverAllRowsEvenly) {
  EXPECT_EQ(spec::LossRowsAtOnce(1024, 256), 1024);
  EXPECT_EQ(spec::LossRowsAtOnce(1024, 50304), 512);
  EXPECT_EQ(spec::LossRowsAtOnce(3, int64_t{1} << 40), 1);
}

// Of bf16 tensors, and of fp32 ones as autocast narrows them.
TEST(OutputLoss, InBf16RoundsLogitsAndTheirGradientOnly) {
  for (const bool narrow : {false, true}) {
    const Inputs in = Draw(64, 300, narrow ? at::kFloat : at::kBFloat16);
    const PrecisionScope scope(at::kCPU, narrow);
    const Outcome found = Ours(in, {.narrow = narrow});
    const Outcome exact = Exact(in, {});
    ExpectClose(found, exact, 2e-2);
    EXPECT_GT(Off(found.gradients[1], exact.gradients[1]), 1e-4) << "was nothing rounded?";
    for (size_t i = 0; i < 3; ++i)
      EXPECT_EQ(found.gradients[i].scalar_type(), narrow ? at::kFloat : at::kBFloat16);
  }
}

TEST(OutputLoss, WithoutAGradientKeepsNothing) {
  const Inputs in = Draw(24, 37, at::kFloat);
  const Outcome exact = Exact(in, {});
  const at::NoGradGuard no_grad;
  const TrainingLoss loss = OutputLoss(in.hidden, in.weight, in.bias, in.targets, {});
  EXPECT_FALSE(loss.total.requires_grad());
  EXPECT_LT(Off(loss.nll, exact.nll), 1e-6);
}

TEST(OutputLoss, HidesImpossibleTokensAndShowsNumbersThatAreNone) {
  Inputs in = Draw(4, 37, at::kFloat);
  in.targets.fill_(3);
  {
    const at::NoGradGuard no_grad;
    in.bias[7] = -std::numeric_limits<float>::infinity();
  }
  const Outcome found = Ours(in, {});
  EXPECT_TRUE(std::isfinite(found.nll.item<double>()));
  EXPECT_EQ(found.gradients[2][7].item<double>(), 0);
  for (const float wrong :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    {
      const at::NoGradGuard no_grad;
      in.bias[7] = wrong;
    }
    EXPECT_FALSE(std::isfinite(Ours(in, {}).nll.item<double>())) << wrong;
  }
}

TEST(OutputLoss, ASecondBackwardPassIsRefused) {
  const Inputs in = Draw(4, 37, at::kFloat);
  const TrainingLoss loss = OutputLoss(in.hidden, in.weight, in.bias, in.targets, {});
  torch::autograd::backward({loss.total}, {}, /*retain_graph=*/true);
  EXPECT_THROW(torch::autograd::backward({loss.total}), c10::Error);
}

}  // namespace
}  // namespace optfleet::trainer
