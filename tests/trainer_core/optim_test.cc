#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "spec/parameters.h"
#include "tests/trainer_core/small_runs.h"
#include "trainer_core/loop/trainer.h"
#include "trainer_core/memory/cpu_allocator.h"
#include "trainer_core/optim/gradient.h"
#include "trainer_core/optim/optimizer.h"
#include "trainer_core/optim/rule.h"

namespace optfleet::trainer {
namespace {

NamedTensors OneParameter(std::vector<float> values) { return {{"w", at::tensor(values).requires_grad_()}}; }

// As `values` stand in rows of two.
NamedTensors OneMatrix(std::vector<float> values) {
  return {{"w", at::tensor(values).view({-1, 2}).requires_grad_()}};
}

std::unique_ptr<Optimizer> Make(const spec::OptimizerSpec& rule, const NamedTensors& parameters) {
  spec::TrainingSpec spec;
  spec.optimizer = rule;
  spec.schedule.freeze = spec::Steps(2);  // of second moments; the factor of each step is given
  std::vector<OptimizedParameter> optimized;
  for (const auto& [name, weight] : parameters)
    optimized.push_back({{name, weight.sizes().vec(), spec::ParameterGroup::kMlp}, weight});
  auto optimizer = MakeOptimizer(spec, std::move(optimized));
  EXPECT_TRUE(optimizer.has_value());
  return std::move(*optimizer);
}

void SetGradient(const NamedTensors& parameters, std::vector<float> values) {
  parameters[0].tensor.mutable_grad() = at::tensor(values).view(parameters[0].tensor.sizes());
}

spec::OptimizerSpec Rule(spec::OptimizerKind kind) {
  spec::OptimizerSpec rule;
  rule.name = kind;
  rule.learning_rate = 0.1;
  rule.weight_decay = 0.1;
  return rule;
}

const at::Tensor kFinite = at::zeros({});
const at::Tensor kNotFinite = at::ones({});

class EveryOptimizer : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Kinds, EveryOptimizer,
                         testing::Range(0, static_cast<int>(spec::OptimizerKind::kNone)));

// Also as the very first update, where sgd's momentum begins.
TEST_P(EveryOptimizer, LeavesEverythingAloneWhereTheGradientIsNotFinite) {
  const auto with = OneMatrix({1, 2, 3, -4}), without = OneMatrix({1, 2, 3, -4});
  auto rule = Rule(static_cast<spec::OptimizerKind>(GetParam()));
  rule.dampening = GetParam() == static_cast<int>(spec::OptimizerKind::kSgd) ? 0.5 : 0;
  const auto a = Make(rule, with), b = Make(rule, without);
  for (int step = 0; step < 6; ++step) {
    if (step % 2 == 0) {
      SetGradient(with, {std::numeric_limits<float>::quiet_NaN(), 1, 1, 1});
      a->ObserveCurvature(kNotFinite);
      a->Step({1, kNotFinite});
      a->UncountStep();
    }
    const float g = 0.5f * static_cast<float>(step) - 1;
    SetGradient(with, {g, 2 * g, 1, 3 * g});
    SetGradient(without, {g, 2 * g, 1, 3 * g});
    a->ObserveCurvature(kFinite);
    b->ObserveCurvature(kFinite);
    a->Step({1, kFinite});
    b->Step({1, kFinite});
  }
  EXPECT_TRUE(with[0].tensor.equal(without[0].tensor));
  EXPECT_FALSE(with[0].tensor.equal(OneMatrix({1, 2, 3, -4})[0].tensor));
}

// As on a GPU, which leaves an update out before the host knows.
TEST_P(EveryOptimizer, AStepThatIsNotCountedLeavesTheCountsAlone) {
  const auto parameters = OneMatrix({1, 2, 3, -4});
  const auto optimizer = Make(Rule(static_cast<spec::OptimizerKind>(GetParam())), parameters);
  const auto counts = [&] {
    std::vector<double> values;
    for (const auto& state : optimizer->State()) {
      if (state.name == "updates" || state.name.starts_with("weight_sum.") ||
          state.name.starts_with("largest_rate."))
        values.push_back(state.tensor.item<double>());
    }
    return values;
  };
  SetGradient(parameters, {1, -1, 2, 0.5f});
  optimizer->Step({0.5, kFinite});
  const std::vector<double> before = counts();
  optimizer->Step({1, kFinite});
  EXPECT_NE(counts(), before);
  optimizer->UncountStep();
  EXPECT_EQ(counts(), before);
}

TEST_P(EveryOptimizer, StateIsAllThatItNeedsToGoOn) {
  const auto whole = OneMatrix({1, 2, 3, -4});
  const auto a = Make(Rule(static_cast<spec::OptimizerKind>(GetParam())), whole);
  const auto train = [](Optimizer* optimizer, const NamedTensors& parameters, int first, int last) {
    for (int step = first; step < last; ++step) {
      SetGradient(parameters, {std::sin(static_cast<float>(step)), 1, 2, std::cos(static_cast<float>(step))});
      if (step % 3 == 0) optimizer->ObserveCurvature(kFinite);
      optimizer->Step({1, kFinite});
    }
  };
  train(a.get(), whole, 0, 5);

  const NamedTensors resumed{{"w", whole[0].tensor.detach().clone().requires_grad_()}};
  const auto b = Make(Rule(static_cast<spec::OptimizerKind>(GetParam())), resumed);
  const auto from = a->State(), to = b->State();
  ASSERT_EQ(from.size(), to.size());
  for (size_t i = 0; i < from.size(); ++i) {
    EXPECT_EQ(from[i].name, to[i].name);
    to[i].tensor.copy_(from[i].tensor);
  }
  train(a.get(), whole, 5, 9);
  train(b.get(), resumed, 5, 9);
  EXPECT_TRUE(whole[0].tensor.equal(resumed[0].tensor));
}

// By hand, from the formulas in the headers.
TEST(Sgd, FollowsItsFormula) {
  auto rule = Rule(spec::OptimizerKind::kSgd);
  rule.momentum = 0.5;
  rule.dampening = 0.25;
  const auto parameters = OneParameter({2});
  const auto sgd = Make(rule, parameters);
  double w = 2, momentum = 0;
  for (int step = 0; step < 4; ++step) {
    const double g = 1.0 + step;
    SetGradient(parameters, {static_cast<float>(g)});
    sgd->Step({1, kFinite});
    const double decayed = g + 0.1 * w;
    momentum = step == 0 ? decayed : 0.5 * momentum + 0.75 * decayed;
    w -= 0.1 * momentum;
    EXPECT_NEAR(parameters[0].tensor.item<double>(), w, 1e-6);
  }
}

TEST(Adam, DecayIsCoupledAndDecoupledAsTheNamesSay) {
  for (const auto kind : {spec::OptimizerKind::kAdam, spec::OptimizerKind::kAdamW}) {
    const auto parameters = OneParameter({2});
    const auto adam = Make(Rule(kind), parameters);
    double w = 2, m = 0, v = 0;
    for (int step = 1; step <= 5; ++step) {
      double g = std::cos(step);
      SetGradient(parameters, {static_cast<float>(g)});
      adam->Step({1, kFinite});
      if (kind == spec::OptimizerKind::kAdam)
        g += 0.1 * w;
      else
        w *= 1 - 0.1 * 0.1;
      m = 0.9 * m + 0.1 * g;
      v = 0.95 * v + 0.05 * g * g;
      w -= 0.1 * (m / (1 - std::pow(0.9, step))) / (std::sqrt(v / (1 - std::pow(0.95, step))) + 1e-8);
      EXPECT_NEAR(parameters[0].tensor.item<double>(), w, 1e-5) << step;
    }
  }
}

TEST(Muon, LeavesWhatIsNoLinearWeightToAdamW) {
  auto rule = Rule(spec::OptimizerKind::kMuon);
  using enum spec::ParameterGroup;
  for (const auto group : {kEmbedding, kPosition, kOutput, kNorm, kBias})
    EXPECT_EQ(rule.KindOf(group), spec::OptimizerKind::kAdamW);
  for (const auto group : {kAttention, kMlp}) EXPECT_EQ(rule.KindOf(group), spec::OptimizerKind::kMuon);
  rule.groups[static_cast<size_t>(kEmbedding)].name = spec::OptimizerKind::kLion;
  EXPECT_EQ(rule.KindOf(kEmbedding), spec::OptimizerKind::kLion);
}

TEST(Muon, RefusesAVector) {
  spec::TrainingSpec spec;
  spec.optimizer = Rule(spec::OptimizerKind::kMuon);
  const auto vector = OneParameter({1, 2});
  const auto optimizer =
      MakeOptimizer(spec, {{{"blocks.0.gain", {2}, spec::ParameterGroup::kMlp}, vector[0].tensor}});
  ASSERT_FALSE(optimizer.has_value());
  EXPECT_THAT(optimizer.error().message(), testing::HasSubstr("blocks.0.gain is none"));
}

TEST(Sophia, WantsCurvatureBeforeTheFirstStepAndEachIntervalAfter) {
  auto rule = Rule(spec::OptimizerKind::kSophia);
  rule.hessian_interval = 3;
  const auto parameters = OneMatrix({1, 2});
  const auto sophia = Make(rule, parameters);
  std::vector<int64_t> wanted;
  for (int64_t step = 1; step <= 8; ++step)
    if (sophia->WantsCurvature(step)) wanted.push_back(step);
  EXPECT_THAT(wanted, testing::ElementsAre(1, 4, 7));
  EXPECT_FALSE(Make(Rule(spec::OptimizerKind::kAdamW), parameters)->WantsCurvature(1));
}

// One large element: by norm all shrink, by element the large one alone.
// A build whose at::parallel_for is a plain loop is right, and slow.
TEST(Pieces, AreSharedByTheThreads) {
  const int threads = at::get_num_threads();
  at::set_num_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  InPieces(1 << 20, 1, [&](int64_t, int64_t) {
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  at::set_num_threads(threads);
  EXPECT_EQ(seen.size(), 2U);
}

TEST(Clip, ByElementAndByNormDiffer) {
  auto rule = Rule(spec::OptimizerKind::kSgd);
  rule.momentum = rule.weight_decay = 0;
  rule.learning_rate = 1;
  for (const bool by_element : {false, true}) {
    const auto parameters = OneParameter({0, 0});
    const auto sgd = Make(rule, parameters);
    SetGradient(parameters, {30, 0.4f});
    UpdateContext context{1, kFinite};
    if (by_element)
      context.gradient_bound = 1;
    else
      context.gradient_scale = ClippingScale(SummarizeGradient(parameters), 1);
    sgd->Step(context);
    EXPECT_NEAR(parameters[0].tensor[0].item<double>(), -1, 1e-3);
    EXPECT_NEAR(parameters[0].tensor[1].item<double>(), by_element ? -0.4 : -0.4 / 30, 1e-5);
  }
}

TEST(Clip, ScalesTheWholeGradientToItsNorm) {
  const auto parameters = OneParameter({0, 0});
  SetGradient(parameters, {3, 4});
  const auto summary = SummarizeGradient(parameters);
  EXPECT_FLOAT_EQ(summary.norm.item<float>(), 5);
  EXPECT_EQ(summary.not_finite.item<float>(), 0);
  EXPECT_NEAR(ClippingScale(summary, 1).item<double>(), 0.2, 1e-7);
}

TEST(Clip, SmallGradientsAndNoClippingStayAsTheyAre) {
  const auto parameters = OneParameter({0, 0});
  SetGradient(parameters, {0.3f, 0.4f});
  EXPECT_EQ(ClippingScale(SummarizeGradient(parameters), 1).item<float>(), 1);
  SetGradient(parameters, {3, 4});
  EXPECT_EQ(ClippingScale(SummarizeGradient(parameters), 0).item<float>(), 1);
}

TEST(Clip, TheNormOfMillionsIsExact) {
  const NamedTensors parameters{{"w", at::zeros({4'000'000}).requires_grad_()}};
  parameters[0].tensor.mutable_grad() = at::full({4'000'000}, 0.1f);
  EXPECT_NEAR(SummarizeGradient(parameters).norm.item<double>(), 2000 * 0.1, 200 * 1e-7);
}

TEST(Clip, SeesWhatIsNotFinite) {
  const auto parameters = OneParameter({0, 0});
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    SetGradient(parameters, {1, bad});
    EXPECT_EQ(SummarizeGradient(parameters).not_finite.item<float>(), 1);
  }
}

TEST(CpuAllocator, CountsWhatIsAliveAndWhatWasMost) {
  CpuAllocator allocator(0);
  {
    const auto a = allocator.allocate(1000);
    EXPECT_EQ(allocator.Use().live_bytes, 1024);
    const auto b = allocator.allocate(3 << 20);
    EXPECT_EQ(allocator.Use().live_bytes, 1024 + (3 << 20));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(b.get()) % 64, 0u);
  }
  EXPECT_EQ(allocator.Use().live_bytes, 0);
  EXPECT_EQ(allocator.Use().peak_bytes, 1024 + (3 << 20));
}

TEST(CpuAllocator, RefusesWhatPassesTheLimitAndTellsTheFigures) {
  CpuAllocator allocator(1 << 20);
  const auto held = allocator.allocate(1 << 19);
  EXPECT_THROW(allocator.allocate((1 << 19) + 1), c10::OutOfMemoryError);
  EXPECT_EQ(allocator.Use().refused_bytes, (1 << 19) + 64);
  EXPECT_EQ(allocator.Use().live_when_refused_bytes, 1 << 19);
  EXPECT_NO_THROW(allocator.allocate(1 << 19));  // exactly full
}

TEST(CpuAllocator, KeepsLargeBlocksAndGivesThemBackBeforeItRefuses) {
  CpuAllocator allocator(16 << 20);
  void* first = allocator.allocate(8 << 20).get();
  EXPECT_GT(allocator.kept_bytes(), 8 << 20);
  EXPECT_EQ(allocator.allocate(8 << 20).get(), first);  // reused
  const auto other_size = allocator.allocate(15 << 20);
  EXPECT_NE(other_size.get(), nullptr);
  EXPECT_EQ(allocator.kept_bytes(), 0);
}

// What a run holds between steps is what spec says, to the byte; counts of steps and rounding to 64 come on
// top.
TEST(Memory, StateIsAsLargeAsTheSpecPredicts) {
  const TemporaryFolder folder;
  constexpr int kKinds = static_cast<int>(spec::OptimizerKind::kNone);
  for (int i = 0; i < 2 * kKinds; ++i) {
    SCOPED_TRACE(i);
    spec::TrainingSpec spec = SmallSpec(folder);
    spec.optimizer.name = static_cast<spec::OptimizerKind>(i % kKinds);
    spec.optimizer.min_8bit_size = 256;
    spec.schedule.freeze = spec::Steps(2);
    if (i >= kKinds) spec.training.precision = spec::Precision::kPureBf16;
    if (!spec::Resolve(&spec).empty()) continue;  // rules that bf16 cannot hold
    auto trainer = Trainer::Create(spec, at::kCPU);
    ASSERT_TRUE(trainer.has_value());
    (*trainer)->Step(1, 1);
    const auto expected = spec::BytesOfState(spec);
    const CheckpointTensors tensors = (*trainer)->Tensors();
    int64_t weights = 0, gradients = 0, optimizer = 0;
    for (const auto& parameter : tensors.weights) {
      weights += static_cast<int64_t>(parameter.tensor.nbytes());
      gradients += static_cast<int64_t>(parameter.tensor.grad().nbytes());
    }
    for (const auto& state : tensors.optimizer) {
      if (state.tensor.dim() > 0 || state.name.starts_with("second_moment."))
        optimizer += static_cast<int64_t>(state.tensor.nbytes());
    }
    EXPECT_EQ(weights, expected.weights);
    EXPECT_EQ(gradients, expected.gradients);
    EXPECT_EQ(optimizer, expected.optimizer);
  }
}

}  // namespace
}  // namespace optfleet::trainer
