#include "trainer_core/loss/output_loss.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <utility>
#include <vector>

#include "spec/loss_rows.h"
#include "trainer_core/loss/row_loss.h"

namespace optfleet::trainer {
namespace {

using torch::autograd::variable_list;

// Of the three that logits are made of; undefined: not asked for.
struct Gradients {
  at::Tensor hidden, weight, bias;
};

// Holds gradients of a loss until the loss's own arrives.
class OutputLossNode final : public torch::autograd::Node {
 public:
  explicit OutputLossNode(Gradients gradients) : gradients_(std::move(gradients)) {}

  variable_list apply(variable_list&& arriving) override {
    TORCH_CHECK(gradients_.hidden.defined(), "a second backward pass through the output loss");
    const at::Tensor& scale = arriving[0];
    // A whole batch arrives with 1. Elsewhere than on a CPU asking for the number would wait for the device.
    const bool is_one = scale.is_cpu() && scale.item<float>() == 1;
    for (at::Tensor* gradient : {&gradients_.hidden, &gradients_.weight, &gradients_.bias})
      if (gradient->defined() && !is_one) gradient->mul_(scale);
    // Moved: who accumulates takes a tensor that nobody else holds, instead of copying it.
    return {std::move(gradients_.hidden), std::move(gradients_.weight), std::move(gradients_.bias)};
  }

  void release_variables() override { gradients_ = {}; }

 private:
  Gradients gradients_;
};

// Of rows so far; fp64 on a CPU.
struct Sums {
  explicit Sums(const at::Tensor& like) {
    const auto form =
        at::TensorOptions().device(like.device()).dtype(like.is_cpu() ? at::kDouble : at::kFloat);
    nll = at::zeros({}, form);
    square = at::zeros({}, form);
  }
  at::Tensor nll, square;  // of logsumexp
};

void CheckTargets(const at::Tensor& targets, int64_t vocabulary) {
  const int64_t* first = targets.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < targets.numel(); ++i)
    TORCH_CHECK_INDEX(first[i] >= 0 && first[i] < vocabulary, "target ", first[i], " of a vocabulary of ",
                      vocabulary);
}

// With a gradient, replaces logits [rows, vocabulary] by theirs.
template <class Logit>
std::vector<loss::RowLoss> RunRows(const at::Tensor& logits, const at::Tensor& targets,
                                   const loss::RowGradient* gradient) {
  const int64_t rows = logits.size(0), width = logits.size(1);
  auto* first = static_cast<Logit*>(logits.mutable_data_ptr());
  const int64_t* target = targets.const_data_ptr<int64_t>();
  std::vector<loss::RowLoss> losses(static_cast<size_t>(rows));
  const at::Tensor scratch = at::empty({at::get_num_threads(), width}, at::kFloat);
  float* const scratches = scratch.mutable_data_ptr<float>();
  at::parallel_for(0, rows, /*grain_size=*/1 + 4096 / width, [&](int64_t begin, int64_t end) {
    float* own = scratches + at::get_thread_num() * width;
    for (int64_t row = begin; row < end; ++row)
      losses[static_cast<size_t>(row)] =
          loss::LossOfRow(first + row * width, width, target[row], gradient, own);
  });
  return losses;
}

std::vector<loss::RowLoss> RunOnCpu(const at::Tensor& logits, const at::Tensor& targets,
                                    const loss::RowGradient* gradient, Sums* sums) {
  CheckTargets(targets, logits.size(1));
  auto losses = logits.scalar_type() == at::kBFloat16 ? RunRows<rules::BFloat16>(logits, targets, gradient)
                                                      : RunRows<float>(logits, targets, gradient);
  double nll = 0, square = 0;
  for (const loss::RowLoss& row : losses) {
    nll += row.nll;
    square += static_cast<double>(row.log_sum_exp) * row.log_sum_exp;
  }
  sums->nll.add_(nll);
  sums->square.add_(square);
  return losses;
}

// The same by LibTorch's operations; returns the loss of each row.
at::Tensor RunOnDevice(const at::Tensor& logits, const at::Tensor& targets, const loss::RowGradient* gradient,
                       Sums* sums) {
  const at::Tensor wide = logits.to(at::kFloat);
  const at::Tensor log_sum = at::logsumexp(wide, -1, /*keepdim=*/true);
  const at::Tensor column = targets.unsqueeze(-1);
  const at::Tensor nll = log_sum - wide.gather(-1, column);
  sums->nll.add_(nll.sum());
  sums->square.add_(log_sum.square().sum());
  if (gradient == nullptr) return nll.view({-1});
  const at::Tensor factor = log_sum.mul(2 * gradient->z).add_(1).mul_(gradient->scale);
  at::Tensor slope = wide.sub(log_sum).exp_().mul_(factor);
  slope.scatter_(-1, column, slope.gather(-1, column).sub_(gradient->scale));
  logits.copy_(slope);
  return nll.view({-1});
}

void RunPiece(const at::Tensor& logits, const at::Tensor& targets, const loss::RowGradient* gradient,
              Sums* sums) {
  if (logits.is_cpu())
    RunOnCpu(logits, targets, gradient, sums);
  else
    RunOnDevice(logits, targets, gradient, sums);
}

at::ScalarType TypeOfProducts(const at::Tensor& x, const OutputLossOptions& options) {
  return options.narrow ? at::kBFloat16 : x.scalar_type();
}

class Pieces {
 public:
  Pieces(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& bias,
         const OutputLossOptions& options)
      : hidden_(hidden),
        weight_(weight.to(TypeOfProducts(weight, options))),
        bias_(bias.defined() ? bias.to(weight_.scalar_type()) : bias),
        rows_(options.rows_at_once > 0 ? options.rows_at_once
                                       : spec::LossRowsAtOnce(hidden.size(0), weight.size(0))),
        one_(rows_ >= hidden.size(0)) {}

  // Everything that is asked for, over all rows.
  Sums Run(const at::Tensor& targets, const loss::RowGradient* gradient, Gradients* into) {
    Sums sums(hidden_);
    for (int64_t begin = 0; begin < hidden_.size(0); begin += rows_) {
      const int64_t end = std::min(begin + rows_, hidden_.size(0));
      const at::Tensor some = hidden_.slice(0, begin, end).to(weight_.scalar_type());
      const at::Tensor turned = weight_.t();
      const at::Tensor logits = bias_.defined() ? at::addmm(bias_, some, turned) : at::mm(some, turned);
      RunPiece(logits, targets.slice(0, begin, end), gradient, &sums);
      if (gradient != nullptr) Collect(begin, some, logits, into);
    }
    return sums;
  }

 private:
  void Collect(int64_t begin, const at::Tensor& some, const at::Tensor& slope, Gradients* into) const {
    at::Tensor mine = into->hidden.slice(0, begin, begin + some.size(0));
    if (mine.scalar_type() == slope.scalar_type())
      at::mm_out(mine, slope, weight_);
    else
      mine.copy_(at::mm(slope, weight_));
    AddProduct(slope.t(), some, &into->weight);
    if (bias_.defined()) {
      const at::Tensor sum = slope.sum(0, /*keepdim=*/false, into->bias.scalar_type());
      begin == 0 ? into->bias.copy_(sum) : into->bias.add_(sum);
    }
  }

  // Sets *sum in the first piece, adds in others.
  void AddProduct(const at::Tensor& a, const at::Tensor& b, at::Tensor* sum) const {
    if (!sum->defined() && (one_ || a.scalar_type() == at::kFloat))
      *sum = at::mm(a, b);
    else if (!sum->defined())
      *sum = at::mm(a, b).to(at::kFloat);
    else if (a.scalar_type() == sum->scalar_type())
      sum->addmm_(a, b);
    else
      sum->add_(at::mm(a, b));
  }

  const at::Tensor& hidden_;
  const at::Tensor weight_, bias_;
  const int64_t rows_;
  const bool one_;
};

bool IsRecorded(const at::Tensor& hidden, const at::Tensor& weight) {
  return at::GradMode::is_enabled() && (hidden.requires_grad() || weight.requires_grad());
}

}  // namespace

TrainingLoss OutputLoss(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& targets, const OutputLossOptions& options) {
  const bool recorded = IsRecorded(hidden, weight);
  const bool mean = options.reduction == Reduction::kMean;
  const double scale = mean ? 1.0 / static_cast<double>(hidden.size(0)) : 1.0;
  const loss::RowGradient gradient{static_cast<float>(scale), static_cast<float>(options.z_loss)};
  Gradients made;
  TrainingLoss loss;
  {
    const at::NoGradGuard forget;
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    if (recorded) {
      made.hidden = at::empty_like(hidden);
      if (bias.defined()) made.bias = at::empty_like(bias);
    }
    const Sums sums =
        Pieces(hidden, weight, bias, options).Run(targets, recorded ? &gradient : nullptr, &made);
    if (recorded) made.weight = made.weight.to(weight.scalar_type());
    loss.nll = sums.nll.mul(scale).to(at::kFloat);
    if (options.z_loss > 0) loss.z = sums.square.mul(scale * options.z_loss).to(at::kFloat);
    loss.total = loss.z.defined() ? loss.nll + loss.z : loss.nll.detach();
  }
  if (!recorded) return loss;
  auto node = std::make_shared<OutputLossNode>(std::move(made));
  node->set_next_edges(torch::autograd::collect_next_edges(hidden, weight, bias));
  torch::autograd::set_history(loss.total, node);
  return loss;
}

RowLosses LossOfRows(const at::Tensor& logits, const at::Tensor& targets) {
  const at::NoGradGuard forget;
  Sums sums(logits);
  if (!logits.is_cpu()) {
    const at::Tensor nll = RunOnDevice(logits, targets, nullptr, &sums);
    return {nll, sums.nll.to(at::kFloat)};
  }
  const auto losses = RunOnCpu(logits.contiguous(), targets.contiguous(), nullptr, &sums);
  const at::Tensor nll = at::empty({logits.size(0)}, at::kFloat);
  float* out = nll.mutable_data_ptr<float>();
  for (const loss::RowLoss& row : losses) *out++ = row.nll;
  return {nll, sums.nll.to(at::kFloat)};
}

}  // namespace optfleet::trainer
