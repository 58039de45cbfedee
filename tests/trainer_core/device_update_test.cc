// The optimizer's way to a GPU, with kernels that run on the host (rules/cuda_on_host.cc) and LibTorch's
// operations on the host's memory: what is handed to them, tensor by tensor, gives the numbers of a CPU's
// step.
#include "trainer_core/optim/cuda/device_update.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "spec/optimizer_names.h"

namespace optfleet::trainer {
namespace {

using spec::OptimizerKind;

bool IsQuantised(OptimizerKind kind) {
  return kind == OptimizerKind::kAdam8bit || kind == OptimizerKind::kAdamW8bit ||
         kind == OptimizerKind::kLion8bit;
}

bool IsFactored(OptimizerKind kind) {
  return kind == OptimizerKind::kAdafactor || kind == OptimizerKind::kAdafactorMomentum ||
         kind == OptimizerKind::kAdalayer || kind == OptimizerKind::kAdalayerRows ||
         kind == OptimizerKind::kAdalayerFrozen || kind == OptimizerKind::kAdalayerPrimed;
}

bool IsOfMatrices(OptimizerKind kind) { return kind == OptimizerKind::kMuon || kind == OptimizerKind::kSoap; }

// With kernels of our own, which are the CPU's loops to the bit.
bool HasKernels(OptimizerKind kind) { return !IsFactored(kind) && !IsOfMatrices(kind); }

std::unique_ptr<Rule> MakeRule(OptimizerKind kind, const spec::OptimizerSpec& spec) {
  if (IsQuantised(kind)) return MakeQuantisedRule(kind, spec);
  if (IsFactored(kind)) return MakeFactoredRule(kind, spec);
  if (IsOfMatrices(kind)) return MakeMatrixRule(kind, spec);
  return MakeElementRule(kind, spec);
}

at::ScalarType TypeOf(spec::StateType type) {
  if (type == spec::StateType::kUint8) return at::kByte;
  return type == spec::StateType::kBf16 ? at::kBFloat16 : at::kFloat;
}

// A rule over parameters of several shapes, one of them too small for 8 bits.
class Trained {
 public:
  explicit Trained(OptimizerKind kind, spec::Precision precision = spec::Precision::kFp32) {
    spec::TrainingSpec spec;
    spec.training.precision = precision;
    spec.optimizer.name = kind;
    spec.optimizer.min_8bit_size = 64;
    rule_ = MakeRule(kind, spec.optimizer);
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{5}, {90, 70}, {33, 31}, {64, 96}}) {
      if (kind == OptimizerKind::kMuon && shape.size() < 2) continue;
      // One whose three parts are apart, and one with a moment for each row.
      const std::string name =
          shape[0] == 90 ? "blocks.0.attention.qkv.weight" : "w" + std::to_string(shape[0]);
      const auto group = shape[0] == 64 ? spec::ParameterGroup::kOutput : spec::ParameterGroup::kMlp;
      const spec::Parameter what{name, shape, group};
      Item item{what, at::linspace(-1, 1, what.count()).view(shape), spec::StateOf(kind, spec, what), {}};
      if (precision == spec::Precision::kPureBf16) item.weight = item.weight.to(at::kBFloat16);
      for (const spec::StateTensor& kept : item.kept)
        item.states.push_back(at::zeros(kept.shape, TypeOf(kept.type)));
      item.weight.requires_grad_();
      items_.push_back(std::move(item));
    }
  }

  // With `on_device` the transform lies where a GPU would have it.
  void Step(int64_t updates, const std::optional<rules::cuda::DeviceGradient>& on_device) {
    const at::NoGradGuard no_grad;
    for (Item& item : items_)
      item.weight.mutable_grad() = at::sin(item.weight.detach() * 9 + static_cast<double>(updates));
    RuleStep step;
    step.updates = updates;
    step.rate = 0.01;
    step.shrink = 0.01;
    step.average_share = 0.3;
    step.freeze = 2;
    step.transform = {0.5f, 0.4f};
    step.on_device = on_device;
    rule_->ObserveCurvature(step, items_);
    rule_->Step(step, items_);
  }

  std::vector<at::Tensor> Tensors() const {
    std::vector<at::Tensor> tensors;
    for (const Item& item : items_) {
      tensors.push_back(item.weight.detach().clone());
      for (const at::Tensor& state : item.states) tensors.push_back(state.clone());
    }
    return tensors;
  }

 private:
  std::unique_ptr<Rule> rule_;
  std::vector<Item> items_;
};

std::vector<OptimizerKind> AllKinds() {
  std::vector<OptimizerKind> kinds;
  for (int kind = 0; kind < static_cast<int>(OptimizerKind::kNone); ++kind)
    kinds.push_back(static_cast<OptimizerKind>(kind));
  return kinds;
}

class OnDevice : public testing::TestWithParam<OptimizerKind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, OnDevice, testing::ValuesIn(AllKinds()), [](const auto& tested) {
  return std::string(spec::kOptimizerNames[static_cast<size_t>(tested.param)]);
});

void ExpectEqual(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].equal(b[i])) << i;
}

// Sums in another order, products rounded elsewhere.
void ExpectClose(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_LT((a[i] - b[i]).norm().item<double>(), 1e-6 * a[i].norm().item<double>()) << i;
}

void ExpectTheNumbersOfTheHost(OptimizerKind kind, spec::Precision precision) {
  const float figures[] = {0, 0.5f};
  Trained host(kind, precision), device(kind, precision);
  const auto before = host.Tensors();
  for (int64_t updates = 1; updates <= 3; ++updates) {
    host.Step(updates, {});
    device.Step(updates, rules::cuda::DeviceGradient{&figures[0], &figures[1], 0.4f});
  }
  if (HasKernels(kind))
    ExpectEqual(host.Tensors(), device.Tensors());
  else
    ExpectClose(host.Tensors(), device.Tensors());
  for (const size_t weight : {size_t{0}, before.size() / 4})
    EXPECT_FALSE(before[weight].equal(device.Tensors()[weight])) << "nothing was trained";
}

TEST_P(OnDevice, AStepGivesTheNumbersOfTheHost) {
  ExpectTheNumbersOfTheHost(GetParam(), spec::Precision::kFp32);
  if (HasKernels(GetParam()) && !IsQuantised(GetParam()))
    ExpectTheNumbersOfTheHost(GetParam(), spec::Precision::kPureBf16);
}

TEST_P(OnDevice, TheDeviceAloneLeavesAStepOut) {
  const float figures[] = {0, 1, 0.5f};
  Trained device(GetParam());
  device.Step(1, rules::cuda::DeviceGradient{&figures[0], &figures[2], 0.4f});
  const auto before = device.Tensors();
  const float not_a_number[] = {std::numeric_limits<float>::quiet_NaN()};
  device.Step(2, rules::cuda::DeviceGradient{&figures[1], &not_a_number[0], 0.4f});
  ExpectEqual(before, device.Tensors());
}

}  // namespace
}  // namespace optfleet::trainer
