#include "trainer_core/diagnostics/microbatches.h"

#include <ATen/ATen.h>

#include <utility>

#include "trainer_core/diagnostics/sums.h"

namespace optfleet::trainer {
namespace {

at::Tensor SumOfSquaresOfAll(const std::vector<at::Tensor>& tensors) {
  at::Tensor sum = SumOfSquares(tensors.front());
  for (size_t i = 1; i < tensors.size(); ++i) sum = sum + SumOfSquares(tensors[i]);
  return sum;
}

at::Tensor DotOfAll(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  at::Tensor sum = Dot(a.front(), b.front());
  for (size_t i = 1; i < a.size(); ++i) sum = sum + Dot(a[i], b[i]);
  return sum;
}

}  // namespace

MicrobatchFigures::MicrobatchFigures(const spec::TrainingSpec& spec)
    : wants_coherence_(spec.diagnostics.gradient_coherence),
      wants_noise_(spec.diagnostics.noise_scale),
      share_(static_cast<double>(spec.training.micro_batch) / static_cast<double>(spec.training.batch_size)),
      noise_(static_cast<double>(spec.training.micro_batch), static_cast<double>(spec.training.batch_size),
             spec.diagnostics.noise_decay) {}

void MicrobatchFigures::TakeGradient(const NamedTensors& parameters) {
  std::vector<at::Tensor> taken;
  for (const auto& parameter : parameters)
    taken.push_back(std::exchange(parameter.tensor.mutable_grad(), {}));
  squares_.push_back(SumOfSquaresOfAll(taken));
  if (!last_.empty()) dots_.push_back(DotOfAll(taken, last_));
  if (sum_.empty()) {
    for (const at::Tensor& gradient : taken) sum_.push_back(wants_coherence_ ? gradient.clone() : gradient);
  } else {
    for (size_t i = 0; i < taken.size(); ++i) sum_[i].add_(taken[i]);
  }
  if (wants_coherence_) last_ = std::move(taken);
}

void MicrobatchFigures::ReturnSum(const NamedTensors& parameters) {
  for (size_t i = 0; i < sum_.size(); ++i) parameters[i].tensor.mutable_grad() = sum_[i];
  whole_square_ = SumOfSquaresOfAll(sum_);
  sum_.clear();
  last_.clear();
}

void MicrobatchFigures::BeforeUpdate(const UpdateView&, Figures* figures) {
  if (!wants_coherence_) return;
  at::Tensor cosines;
  for (size_t k = 0; k < dots_.size(); ++k) {
    const at::Tensor cosine = dots_[k] / (squares_[k] * squares_[k + 1]).sqrt();
    cosines = cosines.defined() ? cosines + cosine : cosine;
  }
  figures->Add("grad_coherence", cosines / static_cast<double>(dots_.size()));
}

void MicrobatchFigures::EndStep(const StepResult& result, Figures* figures) {
  if (figures == nullptr) return;
  const auto squares = std::exchange(squares_, {});
  dots_.clear();
  if (!wants_noise_ || !result.applied) return;
  const at::Tensor small = at::stack(squares).mean() / (share_ * share_);
  const auto now = noise_.Add(small.item<double>(), whole_square_.item<double>());
  figures->Add("noise_scale/grad_square", now.gradient_square);
  figures->Add("noise_scale/trace", now.trace);
  Final(figures);
}

void MicrobatchFigures::Final(Figures* figures) const {
  if (const auto scale = noise_.scale(); wants_noise_ && scale) figures->Add("noise_scale", *scale);
}

}  // namespace optfleet::trainer
