// What each part of a model computes. Whole models are held against other people's code in python/parity.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "trainer_core/model/attention.h"
#include "trainer_core/model/attention_backend.h"
#include "trainer_core/model/block.h"
#include "trainer_core/model/norm.h"
#include "trainer_core/model/positions.h"

namespace optfleet::trainer {
namespace {

using spec::Attention;
using ::testing::HasSubstr;

double Largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

TEST(Norm, RmsStatisticsAreFp32) {
  const at::Tensor x = at::randn({3, 64}).to(at::kBFloat16);
  const at::Tensor gain = at::rand({64}) + 0.5;
  const at::Tensor wide = x.to(at::kDouble);
  const at::Tensor expected = wide / (wide.square().mean(-1, true) + 1e-5).sqrt() * gain.to(at::kDouble);
  const NormOptions options{spec::NormKind::kRmsNorm, 1e-5};
  const at::Tensor normed = Norm(x, {gain, {}}, options);
  EXPECT_EQ(normed.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(normed.equal(expected.to(at::kFloat).to(at::kBFloat16))) << "rounded once";
  EXPECT_LT(Largest(Norm(x.to(at::kFloat), {gain, {}}, options) - expected), 1e-6);
}

TEST(Positions, SinusoidsByHand) {
  const at::Tensor table = SinusoidalTable(4, 6, at::kFloat);
  EXPECT_NEAR(table[3][0].item<double>(), std::sin(3.0), 1e-6);
  EXPECT_NEAR(table[3][1].item<double>(), std::cos(3.0), 1e-6);
  EXPECT_NEAR(table[3][4].item<double>(), std::sin(3 / std::pow(10000.0, 4.0 / 6)), 1e-6);
  EXPECT_NEAR(table[3][5].item<double>(), std::cos(3 / std::pow(10000.0, 4.0 / 6)), 1e-6);
}

TEST(Positions, RotaryPairsAreHalvesOfAHead) {
  at::Tensor x = at::zeros({3, 8});
  x.select(1, 1).fill_(1.0);  // its partner is number 5
  const at::Tensor turned = Rotate(x, MakeRotaryTables(16, 8, 10000, at::kCPU));
  const double angle = 2 * std::pow(10000.0, -2.0 / 8);
  EXPECT_NEAR(turned[2][1].item<double>(), std::cos(angle), 1e-6);
  EXPECT_NEAR(turned[2][5].item<double>(), std::sin(angle), 1e-6);
  EXPECT_TRUE(turned[0].equal(x[0]));
}

// Scores of turned queries and keys depend on their distance alone.
TEST(Positions, RotaryIsRelative) {
  const auto tables = MakeRotaryTables(32, 16, 10000, at::kCPU);
  const at::Tensor q = Rotate(at::randn({16}).expand({32, 16}), tables);
  const at::Tensor k = Rotate(at::randn({16}).expand({32, 16}), tables);
  const at::Tensor scores = q.matmul(k.t());
  for (const int64_t distance : {-5, 0, 1, 9}) {
    const at::Tensor diagonal = scores.diagonal(distance);
    EXPECT_LT(Largest(diagonal - diagonal[0]), 1e-4) << distance;
  }
  EXPECT_GT(Largest(scores.diagonal(1)[0] - scores.diagonal(9)[0]), 1e-3);
}

TEST(Positions, SlopesOfTwelveHeadsAreEightAndEveryOtherOfSixteen) {
  std::vector<double> expected;
  for (int k = 1; k <= 8; ++k) expected.push_back(std::exp2(-k));
  for (int k = 1; k <= 7; k += 2) expected.push_back(std::exp2(-k / 2.0));
  const auto slopes = AlibiSlopes(12);
  ASSERT_EQ(slopes.size(), 12U);
  for (size_t i = 0; i < 12; ++i) EXPECT_DOUBLE_EQ(slopes[i], expected[i]) << i;
  EXPECT_DOUBLE_EQ(AlibiSlopes(1)[0], std::exp2(-8));
}

// slope x (key - last), as seed 1 adds it, is the same after the softmax.
TEST(Positions, AlibiIsTheSameWhateverIsAddedToARow) {
  const at::Tensor qkv = at::randn({2, 9, 3 * 24});
  const at::Tensor relative = AlibiMask(12, 9, at::kFloat);
  const at::Tensor slopes = at::tensor(AlibiSlopes(12), at::kFloat).view({12, 1, 1});
  const at::Tensor from_last = slopes * (at::arange(9, at::kFloat) - 8).view({1, 1, 9}) +
                               CausalMask(9, at::kCPU, at::kFloat).unsqueeze(0);
  for (const auto kernel : {Attention::kManual, Attention::kSdpa}) {
    const AttentionOptions options{.kernel = kernel, .heads = 12};
    EXPECT_LT(Largest(Attend(qkv, relative, options) - Attend(qkv, from_last, options)), 1e-6);
  }
}

struct Case {
  const char* name;
  bool qk_norm;
  bool rotary;
  bool alibi;
  int64_t kv_heads;
};

// Both kernels, and sdpa's two back ends of a CPU, against the formula in float64.
TEST(Attention, EveryKernelComputesEveryPart) {
  constexpr int64_t kHeads = 4, kWidth = 8, kLength = 11;
  for (const Case& part : {Case{"plain", false, false, false, 0}, Case{"norm", true, false, false, 0},
                           Case{"rotary", false, true, false, 2}, Case{"alibi", false, false, true, 0},
                           Case{"all", true, true, true, 2}, Case{"one kv head", true, false, true, 1}}) {
    const int64_t kv_heads = part.kv_heads == 0 ? kHeads : part.kv_heads;
    const at::Tensor qkv = at::randn({2, kLength, (kHeads + 2 * kv_heads) * kWidth});
    QueryKeyParts parts;
    if (part.qk_norm) {
      parts.q_norm.gain = at::rand({kHeads * kWidth}) + 0.5;
      parts.k_norm.gain = at::rand({kv_heads * kWidth}) + 0.5;
    }
    if (part.rotary) parts.rotary = MakeRotaryTables(16, kWidth, 10000, at::kCPU);
    const at::Tensor mask =
        part.alibi ? AlibiMask(kHeads, 16, at::kFloat) : CausalMask(16, at::kCPU, at::kFloat);

    const auto three = at::split_with_sizes(qkv.to(at::kDouble),
                                            {kHeads * kWidth, kv_heads * kWidth, kv_heads * kWidth}, -1);
    const auto normed = [&](const at::Tensor& x, const NormWeights& norm) {
      if (!norm.gain.defined()) return x;
      return at::layer_norm(x, {x.size(-1)}, norm.gain.to(at::kDouble), {}, 1e-5);
    };
    const at::Tensor q = normed(three[0], parts.q_norm), k = normed(three[1], parts.k_norm);
    at::Tensor expected = at::empty({2, kLength, kHeads * kWidth}, at::kDouble);
    for (int64_t head = 0; head < kHeads; ++head) {
      const int64_t shared = head * kv_heads / kHeads;
      const auto of = [&](const at::Tensor& x, int64_t at_head, bool turns) {
        const at::Tensor own = x.slice(-1, at_head * kWidth, (at_head + 1) * kWidth);
        return turns && part.rotary ? Rotate(own.to(at::kFloat), parts.rotary).to(at::kDouble) : own;
      };
      at::Tensor scores = of(q, head, true).matmul(of(k, shared, true).transpose(1, 2)) / std::sqrt(8.0);
      scores = scores + (part.alibi ? mask[head] : mask).slice(0, 0, kLength).slice(1, 0, kLength);
      expected.slice(-1, head * kWidth, (head + 1) * kWidth)
          .copy_(at::softmax(scores, -1).matmul(of(three[2], shared, false)));
    }
    for (const auto kernel :
         {Attention::kManual, Attention::kSdpa, Attention::kSdpaFlash, Attention::kSdpaMath}) {
      const AttentionOptions options{.kernel = kernel, .heads = kHeads, .kv_heads = part.kv_heads};
      EXPECT_LT(Largest(Attend(qkv, mask, options, parts) - expected), 2e-6)
          << part.name << " by kernel " << static_cast<int>(kernel);
    }
  }
}

TEST(Attention, GroupedHeadsEqualRepeatedOnes) {
  const at::Tensor q = at::randn({2, 7, 32}), kv = at::randn({2, 2, 7, 16});  // 4 and 2 heads of 8
  const auto repeated = [](const at::Tensor& x) {
    return x.view({2, 7, 2, 1, 8}).expand({2, 7, 2, 2, 8}).reshape({2, 7, 32});
  };
  const at::Tensor grouped = at::cat({q, kv[0], kv[1]}, -1);
  const at::Tensor whole = at::cat({q, repeated(kv[0]), repeated(kv[1])}, -1);
  const at::Tensor mask = CausalMask(7, at::kCPU, at::kFloat);
  for (const auto kernel : {Attention::kManual, Attention::kSdpa}) {
    const at::Tensor by_group = Attend(grouped, mask, {.kernel = kernel, .heads = 4, .kv_heads = 2});
    EXPECT_TRUE(by_group.equal(Attend(whole, mask, {.kernel = kernel, .heads = 4})));
  }
}

spec::TrainingSpec RunWith(Attention kernel) {
  spec::TrainingSpec spec;
  spec.model.attention = kernel;
  return spec;
}

TEST(AttentionBackend, SaysWhichOneRuns) {
  EXPECT_EQ(AttentionUsed(RunWith(Attention::kAuto), at::kCPU).value(), "sdpa_flash");
  EXPECT_EQ(AttentionUsed(RunWith(Attention::kSdpaMath), at::kCPU).value(), "sdpa_math");
  EXPECT_EQ(AttentionUsed(RunWith(Attention::kManual), at::kCPU).value(), "manual");
  spec::TrainingSpec dropping = RunWith(Attention::kSdpa);
  dropping.model.attention_dropout = 0.1;
  EXPECT_EQ(AttentionUsed(dropping, at::kCPU).value(), "sdpa_math") << "flash of a CPU drops nothing";
}

TEST(AttentionBackend, RefusesWhatTheDeviceDoesNotHave) {
  for (const auto kernel : {Attention::kSdpaCudnn, Attention::kSdpaMemoryEfficient}) {
    const auto used = AttentionUsed(RunWith(kernel), at::kCPU);
    ASSERT_FALSE(used.has_value());
    EXPECT_EQ(used.error().code(), Code::kFailedPrecondition);
    EXPECT_THAT(used.error().message(), HasSubstr("those that do: sdpa_flash, sdpa_math"));
  }
}

TEST(AttentionBackend, SwitchesAreSetBack) {
  { const BackendScope scope(Attention::kSdpaMath); }
  EXPECT_EQ(AttentionUsed(RunWith(Attention::kSdpa), at::kCPU).value(), "sdpa_flash");
}

TEST(Residual, MixIsAnAverageByShares) {
  const std::vector<at::Tensor> outputs{at::randn({2, 3, 4}), at::randn({2, 3, 4}), at::randn({2, 3, 4})};
  const at::Tensor scores = at::tensor({0.0, 0.0, 1.0}, at::kFloat);
  const double sum = 2 + std::exp(1.0);
  const at::Tensor expected = (outputs[0] + outputs[1] + outputs[2] * std::exp(1.0)) / sum;
  EXPECT_LT(Largest(Mixed(scores, outputs) - expected), 1e-6);
}

}  // namespace
}  // namespace optfleet::trainer
