// Rules that look at a matrix as a whole: Muon and SOAP. Their products, bases and decompositions are
// LibTorch's, so unlike those of the other rules their bits may depend on the processor and the
// number of threads.
#include <ATen/ATen.h>

#include <cmath>
#include <cstdlib>

#include "trainer_core/optim/element_kernels.h"
#include "trainer_core/optim/left_out.h"
#include "trainer_core/optim/rule.h"

namespace optfleet::trainer {
namespace {

using spec::OptimizerKind;
using spec::OptimizerSpec;

at::Tensor GradientOf(const Item& item, const rules::GradientTransform& transform) {
  at::Tensor gradient = item.weight.grad();
  if (transform.scale != 1) gradient = gradient * transform.scale;
  if (std::isfinite(transform.bound)) gradient = gradient.clamp(-transform.bound, transform.bound);
  return gradient;
}

// update(item, gradient) for each item, left out on the device where the gradient is not finite.
template <class Update>
void ForEach(const RuleStep& step, std::vector<Item>& items, const Update& update) {
  at::NoGradGuard no_grad;
  for (Item& item : items) {
    if (!step.on_device) {
      update(item, GradientOf(item, step.transform));
      continue;
    }
    const LeftOut left_out(*step.on_device, item);
    update(item, left_out.Gradient());
    left_out.Settle();
  }
}

// Pushes the singular values of x / |x| towards 1 by a quintic polynomial that does not converge: they end
// between 0.7 and 1.2 (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/). fp32 is nearer to the
// formula; the authors compute in bf16, which is faster where the processor has products of it.
at::Tensor Orthogonalised(const at::Tensor& matrix, const OptimizerSpec& spec) {
  constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;
  const bool tall = matrix.size(0) > matrix.size(1);
  const auto type = spec.muon_precision == spec::MuonPrecision::kBf16 ? at::kBFloat16 : at::kFloat;
  at::Tensor x = (tall ? matrix.t() : matrix).to(type);
  x = x / at::linalg_vector_norm(x, 2).clamp_min(1e-7);
  for (int64_t i = 0; i < spec.muon_iterations; ++i) {
    const at::Tensor square = at::mm(x, x.t());
    x = at::addmm(x, at::addmm(square, square, square, kB, kC), x, /*beta=*/kA);
  }
  return tall ? x.t() : x;
}

// Muon:  b <- mu b + (1-mu) g;  u = mu b + (1-mu) g with Nesterov's look-ahead, else b;
//   w <- w - shrink w - lr scale Orthogonalised(u)
class Muon final : public Rule {
 public:
  explicit Muon(const OptimizerSpec& spec) : spec_(spec) {}

  void Step(const RuleStep& step, std::vector<Item>& items) override {
    ForEach(step, items, [&](Item& item, const at::Tensor& gradient) { StepOne(step, item, gradient); });
  }

 private:
  void StepOne(const RuleStep& step, Item& item, const at::Tensor& gradient) const {
    const at::Tensor& average = item.states[0];
    average.lerp_(gradient, 1 - spec_.muon_momentum);
    const at::Tensor update = spec_.muon_nesterov ? gradient.lerp(average, spec_.muon_momentum) : average;
    const int64_t parts = spec_.split_qkv && spec::IsFusedProjection(item.what) ? 3 : 1;
    const int64_t rows = item.weight.size(0) / parts;
    for (int64_t part = 0; part < parts; ++part) {
      const at::Tensor direction = Orthogonalised(update.narrow(0, part * rows, rows), spec_);
      const at::Tensor weight = item.weight.narrow(0, part * rows, rows);
      weight.sub_(weight * step.shrink + direction * (step.rate * Scale(rows, item.weight.size(1))));
    }
  }

  double Scale(int64_t rows, int64_t columns) const {
    const auto r = static_cast<double>(rows), c = static_cast<double>(columns);
    if (spec_.muon_scaling == spec::MuonScaling::kMatchRmsAdamW) return 0.2 * std::sqrt(std::max(r, c));
    return std::sqrt(std::max(1.0, r / c));
  }

  const OptimizerSpec spec_;
};

// SOAP (arXiv 2409.11321, algorithm 3), as its authors' code: Adam in the bases of the eigenvectors of the
// averages of g g^T and g^T g. The first gradient only makes these; the average gradient is kept unturned,
// the second moment in the bases, whose columns it follows when they change places. The decay comes after the
// step. A side without a basis stays as it is, so a vector takes Adam.
class Soap final : public Rule {
 public:
  explicit Soap(const OptimizerSpec& spec) : spec_(spec) {}

  void Step(const RuleStep& step, std::vector<Item>& items) override {
    ForEach(step, items, [&](Item& item, const at::Tensor& gradient) {
      if (step.updates == 1)
        MakeBases(item, gradient);
      else
        StepOne(step, item, gradient);
    });
  }

 private:
  struct Side {
    int64_t dimension;
    at::Tensor product, basis;
  };

  static std::vector<Side> SidesOf(const Item& item) {
    std::vector<Side> sides;
    for (size_t i = 2; i + 1 < item.states.size(); i += 2)
      sides.push_back({item.kept[i].name == "left_product" ? 0 : 1, item.states[i], item.states[i + 1]});
    return sides;
  }

  void AgeProduct(const Side& side, const at::Tensor& gradient) const {
    const at::Tensor square =
        side.dimension == 0 ? at::mm(gradient, gradient.t()) : at::mm(gradient.t(), gradient);
    side.product.lerp_(square, 1 - spec_.beta2);
  }

  void MakeBases(Item& item, const at::Tensor& gradient) const {
    for (const Side& side : SidesOf(item)) {
      AgeProduct(side, gradient);
      side.basis.copy_(std::get<1>(at::linalg_eigh(side.product)).flip({1}));  // largest first
    }
  }

  static at::Tensor Turned(at::Tensor x, const std::vector<Side>& sides, bool back) {
    for (const Side& side : sides) {
      const at::Tensor turn = back ? side.basis : side.basis.t();
      x = side.dimension == 0 ? at::mm(turn, x) : at::mm(x, turn.t());
    }
    return x;
  }

  void StepOne(const RuleStep& step, Item& item, const at::Tensor& gradient) const {
    const std::vector<Side> sides = SidesOf(item);
    const at::Tensor &average = item.states[0], &second = item.states[1];
    average.lerp_(gradient, 1 - spec_.beta1);
    const at::Tensor turned = Turned(gradient, sides, /*back=*/false);
    second.mul_(spec_.beta2).addcmul_(turned, turned, 1 - spec_.beta2);
    const int64_t applied = step.updates - 1;
    const double correction = std::sqrt(Correction(spec_.beta2, applied)) / Correction(spec_.beta1, applied);
    const at::Tensor update = Turned(average, sides, /*back=*/false) / (second.sqrt() + spec_.epsilon);
    item.weight.sub_(Turned(update, sides, /*back=*/true), step.rate * correction);
    if (step.shrink != 0) item.weight.sub_(item.weight * step.shrink);
    for (const Side& side : sides) AgeProduct(side, gradient);
    if (applied % spec_.precondition_frequency == 0) TurnBases(sides, second);
  }

  // One power iteration and a QR decomposition; columns in the order of their estimated eigenvalues.
  static void TurnBases(const std::vector<Side>& sides, const at::Tensor& second) {
    for (const Side& side : sides) {
      const at::Tensor product = at::mm(side.product, side.basis);
      const at::Tensor order =
          at::argsort((side.basis * product).sum(0), /*stable=*/true, /*dim=*/0, /*descending=*/true);
      second.copy_(second.index_select(side.dimension, order));
      side.basis.copy_(std::get<0>(at::linalg_qr(product.index_select(1, order))));
    }
  }

  const OptimizerSpec spec_;
};

}  // namespace

std::unique_ptr<Rule> MakeMatrixRule(OptimizerKind kind, const OptimizerSpec& spec) {
  switch (kind) {
    case OptimizerKind::kMuon:
      return std::make_unique<Muon>(spec);
    case OptimizerKind::kSoap:
      return std::make_unique<Soap>(spec);
    default:
      std::abort();  // a rule of another family
  }
}

}  // namespace optfleet::trainer
