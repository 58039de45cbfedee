// What Adam and Lion keep and make of it.
#include <ATen/ATen.h>

#include <cmath>
#include <map>

#include "trainer_core/diagnostics/kind.h"
#include "trainer_core/diagnostics/sums.h"
#include "trainer_core/optim/optimizer.h"

namespace optfleet::trainer {
namespace {

using spec::OptimizerKind;

using StateByName = std::map<std::string, at::Tensor>;

StateByName StateOf(Optimizer& optimizer) {
  StateByName state;
  for (auto& [name, tensor] : optimizer.State()) state.emplace(name, tensor);
  return state;
}

at::Tensor Plus(const at::Tensor& sum, const at::Tensor& term) { return sum.defined() ? sum + term : term; }

// |m^|, |v^| and |m^ / (sqrt(v^) + 1e-8)| over all parameters that Adam or AdamW updates, with m^ and v^
// corrected for their start at 0.
class AdamMoments final : public Kind {
 public:
  explicit AdamMoments(const spec::OptimizerSpec& optimizer) : optimizer_(optimizer) {}

  void AfterUpdate(const UpdateView& view, Figures* figures) override {
    StateByName state = StateOf(view.optimizer);
    const auto updates = state.at("updates").item<double>();
    const double first_share = 1 - std::pow(optimizer_.beta1, updates);
    const double second_share = 1 - std::pow(optimizer_.beta2, updates);
    if (updates == 0) return;
    at::Tensor first, second, ratio;
    for (const spec::Parameter& parameter : view.listed) {
      const OptimizerKind kind = optimizer_.KindOf(parameter.group);
      if (kind != OptimizerKind::kAdam && kind != OptimizerKind::kAdamW) continue;
      const at::Tensor m = Flat(state.at("first_moment." + parameter.name));
      const at::Tensor v = Flat(state.at("second_moment." + parameter.name));
      first = Plus(first, SumOfSquares(m));
      second = Plus(second, SumOfSquares(v));
      ratio = Plus(ratio, SumOfSquares(m, [&](int64_t begin, int64_t size) {
                     const at::Tensor root = (Part(v, begin, size) / second_share).sqrt();
                     return Part(m, begin, size) / first_share / (root + kEpsilon);
                   }));
    }
    figures->Add("first_moment_norm", first.sqrt() / first_share);
    figures->Add("second_moment_norm", second.sqrt() / second_share);
    figures->Add("snr_norm", ratio.sqrt());
  }

 private:
  static constexpr double kEpsilon = 1e-8;
  const spec::OptimizerSpec optimizer_;
};

// <u, sign u> / (|u| |sign u|) over all parameters that Lion updates, u = b1 m + (1 - b1) g with the clipped
// gradient: 1 where all elements have one size, 0.8 where they are normal, less where few are large.
class LionCosine final : public Kind {
 public:
  LionCosine(const spec::OptimizerSpec& optimizer, double clip_value)
      : optimizer_(optimizer), clip_value_(clip_value) {}

  void BeforeUpdate(const UpdateView& view, Figures* figures) override {
    StateByName state = StateOf(view.optimizer);
    at::Tensor sizes, squares, signs;
    for (size_t i = 0; i < view.listed.size(); ++i) {
      const spec::Parameter& parameter = view.listed[i];
      if (optimizer_.KindOf(parameter.group) != OptimizerKind::kLion) continue;
      const at::Tensor m = Flat(state.at("first_moment." + parameter.name));
      const at::Tensor g = Flat(view.parameters[i].tensor.grad());
      const PieceOf update = [&](int64_t begin, int64_t size) {
        at::Tensor gradient = Part(g, begin, size) * view.gradient_scale;
        if (clip_value_ > 0) gradient = gradient.clamp(-clip_value_, clip_value_);
        return Part(m, begin, size) * optimizer_.beta1 + gradient * (1 - optimizer_.beta1);
      };
      sizes = Plus(sizes, SumOf(m, [&](int64_t begin, int64_t size) { return update(begin, size).abs(); }));
      squares = Plus(squares, SumOfSquares(m, update));
      signs = Plus(signs, SumOf(m, [&](int64_t begin, int64_t size) {
                     return update(begin, size).ne(0).to(at::kFloat);
                   }));
    }
    figures->Add("lion_cosine", sizes / (squares * signs).sqrt());
  }

 private:
  const spec::OptimizerSpec optimizer_;
  const double clip_value_;
};

// Min, max, mean and 2-norm of every weight, its gradient and what the optimizer keeps of it, after the
// update.
class ParameterFigures final : public Kind {
 public:
  void AfterUpdate(const UpdateView& view, Figures* figures) override {
    for (const auto& [name, tensor] : view.parameters) {
      AddAll("weight", name, tensor, figures);
      AddAll("grad", name, tensor.grad(), figures);
    }
    for (const auto& [name, tensor] : view.optimizer.State()) {
      // "first_moment.blocks.0.norm1.weight"; counters are fp64 or have no parameter, codes are bytes.
      const size_t dot = name.find('.');
      const bool is_moment = tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16;
      if (dot != std::string::npos && is_moment)
        AddAll(name.substr(0, dot), name.substr(dot + 1), tensor, figures);
    }
  }

 private:
  static void AddAll(const std::string& what, const std::string& parameter, const at::Tensor& tensor,
                     Figures* figures) {
    const at::Tensor values = Flat(tensor);
    const auto [least, most] = at::aminmax(values);
    figures->Add(what + "_min/" + parameter, least);
    figures->Add(what + "_max/" + parameter, most);
    const at::Tensor sum =
        SumOf(values, [&](int64_t begin, int64_t size) { return Part(values, begin, size); });
    figures->Add(what + "_mean/" + parameter, sum / static_cast<double>(values.numel()));
    figures->Add(what + "_norm/" + parameter, SumOfSquares(values).sqrt());
  }
};

}  // namespace

std::unique_ptr<Kind> MakeAdamMoments(const spec::TrainingSpec& spec) {
  return std::make_unique<AdamMoments>(spec.optimizer);
}
std::unique_ptr<Kind> MakeLionCosine(const spec::TrainingSpec& spec) {
  return std::make_unique<LionCosine>(spec.optimizer, spec.training.clip_value);
}
std::unique_ptr<Kind> MakeParameterFigures() { return std::make_unique<ParameterFigures>(); }

}  // namespace optfleet::trainer
