// Gradients of microbatches apart: how far they agree, and how noisy they are. No extra passes: where a plain
// step lets microbatches add up in .grad, here each comes into an empty .grad, is looked at, and is then
// added to the sum in the same order and with the same rounding. Owned by the training thread.
#pragma once

#include <optional>
#include <vector>

#include "trainer_core/diagnostics/kind.h"
#include "trainer_core/diagnostics/noise_scale.h"

namespace optfleet::trainer {

// grad_coherence: mean over consecutive microbatches of cos(g_k, g_{k-1}), over all parameters at once.
// noise_scale, in sequences; noise_scale/grad_square and noise_scale/trace are the estimates of the step
// alone
//   (trainer_core/diagnostics/noise_scale.h).
// Gradients are those of what is trained (z-loss included), before clipping. Holds two gradients more than a
// plain step (one without coherence), in steps whose figures are recorded.
class MicrobatchFigures final : public Kind {
 public:
  explicit MicrobatchFigures(const spec::TrainingSpec& spec);

  // The gradient of one more microbatch is in .grad, and is taken from there. Of a mean loss over the
  // microbatch it is micro_batch / batch_size.
  void TakeGradient(const NamedTensors& parameters);
  // Puts the sum of all back into .grad.
  void ReturnSum(const NamedTensors& parameters);

  void BeforeUpdate(const UpdateView& view, Figures* figures) override;
  void EndStep(const StepResult& result, Figures* figures) override;

  std::string name() const override { return "noise_scale"; }
  Json State() const override { return noise_.State(); }
  Status Restore(const Json& state) override { return noise_.Restore(state); }
  void Final(Figures* figures) const override;

 private:
  void AddToSum(const NamedTensors& parameters);

  const bool wants_coherence_, wants_noise_;
  const double share_;  // of a microbatch in the batch
  NoiseScale noise_;
  std::vector<at::Tensor> sum_, last_;  // gradients
  std::vector<at::Tensor> squares_,
      dots_;                 // |g_k|^2 and g_k g_{k-1} of the step's microbatches, fp64 scalars
  at::Tensor whole_square_;  // |sum|^2
};

}  // namespace optfleet::trainer
