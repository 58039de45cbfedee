// What is counted over all steps, from figures that every step has anyway.
#include "trainer_core/diagnostics/kind.h"
#include "trainer_core/diagnostics/loss_spikes.h"

namespace optfleet::trainer {
namespace {

// clipping_rate: share of the updates so far whose gradient was longer than the bound of their step.
class ClippingRate final : public Kind {
 public:
  void EndStep(const StepResult& result, Figures* figures) override {
    if (result.applied) {
      ++updates_;
      if (result.clip_norm > 0 && result.gradient_norm > result.clip_norm) ++clipped_;
    }
    if (figures != nullptr) Final(figures);
  }
  void Final(Figures* figures) const override {
    if (updates_ > 0)
      figures->Add("clipping_rate", static_cast<double>(clipped_) / static_cast<double>(updates_));
  }

  std::string name() const override { return "clipping_rate"; }
  Json State() const override { return {{"updates", updates_}, {"clipped", clipped_}}; }
  Status Restore(const Json& state) override {
    try {
      state.at("updates").get_to(updates_);
      state.at("clipped").get_to(clipped_);
    } catch (const Json::exception& error) {
      return Fail(Code::kDataLoss, std::string("clipping rate: ") + error.what());
    }
    return {};
  }

 private:
  int64_t updates_ = 0;
  int64_t clipped_ = 0;
};

class LossSpikeCount final : public Kind {
 public:
  explicit LossSpikeCount(const spec::DiagnosticsSpec& spec)
      : spikes_(spec.spike_window, spec.spike_threshold) {}

  void EndStep(const StepResult& result, Figures* figures) override {
    spikes_.Add(result.loss);
    if (figures != nullptr) Final(figures);
  }
  void Final(Figures* figures) const override {
    figures->Add("loss_spikes", static_cast<double>(spikes_.spikes()));
    figures->Add("loss_spike_steps", static_cast<double>(spikes_.spike_steps()));
    figures->Add("loss_spike_height", spikes_.height());
  }

  std::string name() const override { return "loss_spikes"; }
  Json State() const override { return spikes_.State(); }
  Status Restore(const Json& state) override { return spikes_.Restore(state); }

 private:
  LossSpikes spikes_;
};

}  // namespace

std::unique_ptr<Kind> MakeClippingRate() { return std::make_unique<ClippingRate>(); }
std::unique_ptr<Kind> MakeLossSpikeCount(const spec::DiagnosticsSpec& spec) {
  return std::make_unique<LossSpikeCount>(spec);
}

}  // namespace optfleet::trainer
