// The loops around the rules; the rules themselves are compared with fp64 and with other packages by
// python/parity/rule_parity.py.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "tests/trainer_core/rules/every_rule.h"
#include "tests/trainer_core/rules/vectors.h"
#include "trainer_core/rules/update.h"

namespace optfleet::rules {
namespace {

template <class Weight, class State>
struct Memory {
  explicit Memory(int64_t count) {
    Noise noise(7);
    for (int64_t i = 0; i < count; ++i) {
      weight.emplace_back();
      gradient.emplace_back();
      Store(noise(), &weight.back());
      Store(noise(), &gradient.back());
      for (auto& state : states) {
        state.emplace_back();
        Store(std::fabs(noise()), &state.back());
      }
    }
  }
  Elements<Weight, State> From(int64_t begin, int64_t count) {
    return {weight.data() + begin,
            gradient.data() + begin,
            {states[0].data() + begin, states[1].data() + begin, states[2].data() + begin},
            count};
  }
  Elements<Weight, State> All() { return From(0, static_cast<int64_t>(weight.size())); }

  std::vector<Weight> weight, gradient;
  std::vector<State> states[kMostStates];
};

template <class T>
bool SameBits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class Weight, class State>
void ExpectSame(const Memory<Weight, State>& a, const Memory<Weight, State>& b) {
  EXPECT_TRUE(SameBits(a.weight, b.weight));
  for (int i = 0; i < kMostStates; ++i) EXPECT_TRUE(SameBits(a.states[i], b.states[i])) << "state " << i;
}

template <class Weight, class State>
void ExpectEqualOnAllVectors() {
  const KernelChoice restore;
  const GradientTransform transform{0.5f, 0.4f};
  ForEveryRule([&](const auto& rule) {
    UseVectors(Vectors::kBaseline);
    Memory<Weight, State> plain(1003);
    Update(rule, transform, plain.All());
    for (const Vectors vectors : AvailableVectors()) {
      UseVectors(vectors);
      Memory<Weight, State> wide(1003);
      Update(rule, transform, wide.All());
      ExpectSame(plain, wide);
    }
  });
}

TEST(Update, EveryInstructionSetGivesTheSameBits) { ExpectEqualOnAllVectors<float, float>(); }
TEST(Update, EveryInstructionSetGivesTheSameBitsOverBf16Weights) {
  ExpectEqualOnAllVectors<BFloat16, float>();
}
TEST(Update, EveryInstructionSetGivesTheSameBitsOverBf16) { ExpectEqualOnAllVectors<BFloat16, BFloat16>(); }

TEST(Update, AnySplitGivesTheSameBits) {
  ForEveryRule([&](const auto& rule) {
    Memory<float, float> whole(333), parts(333);
    Update(rule, {}, whole.All());
    for (const auto& [begin, end] : {std::pair{0, 1}, {1, 18}, {18, 18}, {18, 200}, {200, 333}})
      Update(rule, {}, parts.From(begin, end - begin));
    ExpectSame(whole, parts);
  });
}

TEST(Update, OneElementIsTheFormula) {
  Memory<float, float> memory(1);
  memory.weight[0] = 2;
  memory.gradient[0] = 3;
  memory.states[0][0] = 0.5f;
  memory.states[1][0] = 0.25f;
  Update(kAdam, {}, memory.All());
  const double g = 3 + 0.01 * 2;
  const double m = 0.5 + 0.1 * (g - 0.5);
  const double v = 0.95 * 0.25 + 0.05 * g * g;
  EXPECT_NEAR(memory.weight[0], 2 * 0.999 - 0.01 * (m / (std::sqrt(v) * 1.7 + 1e-8)), 3e-7);
  EXPECT_NEAR(memory.states[0][0], m, 1e-7);
  EXPECT_NEAR(memory.states[1][0], v, 1e-7);
}

// A factor 1 - 3e-6, rounded to fp32, would end at 0.7423.
TEST(Update, SmallDecayOverALongRunIsThatOfTheFormula) {
  Memory<float, float> memory(1);
  memory.weight[0] = 1;
  memory.gradient[0] = 0;
  for (int step = 0; step < 100'000; ++step) Update(PlainSgd{0.1f, 3e-6f, 0}, {}, memory.All());
  EXPECT_NEAR(memory.weight[0], std::pow(1 - 3e-6, 100'000), 1e-4);
}

TEST(Update, TheGradientIsScaledThenBounded) {
  for (const auto& [scale, bound, expected] :
       {std::tuple{0.5f, 10.0f, -1.5f}, {0.5f, 1.0f, -1.0f}, {2.0f, 100.0f, -6.0f}}) {
    Memory<float, float> memory(1);
    memory.weight[0] = 0;
    memory.gradient[0] = -3;
    Update(PlainSgd{1, 0, 0}, {scale, bound}, memory.All());
    EXPECT_EQ(memory.weight[0], -expected);
  }
}

TEST(Update, SignOfZeroMovesNothing) {
  Memory<float, float> memory(2);
  memory.gradient = {0.0f, -0.0f};
  memory.states[0] = {0.0f, -0.0f};
  const std::vector<float> before = memory.weight;
  Update(Lion{0.1f, 0.0f, 0.9f, 0.1f, 0.9f, 0.1f}, {}, memory.All());
  EXPECT_TRUE(SameBits(memory.weight, before));
}

TEST(Update, LionWithEqualBetasIsTheSignOfTheNewMomentum) {
  Memory<float, float> memory(500);
  const std::vector<float> before = memory.weight;
  Update(Lion{0.125f, 0.0f, 0.9f, 0.1f, 0.9f, 0.1f}, {}, memory.All());
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_EQ(memory.weight[i], before[i] - std::copysign(0.125f, memory.states[0][i]));
}

TEST(BFloat16, RoundsToNearestEven) {
  const auto round = [](float x) {
    BFloat16 stored;
    Store(x, &stored);
    return Load(stored);
  };
  EXPECT_EQ(round(1.0f), 1.0f);
  EXPECT_EQ(round(1.0f + 0x1p-9f), 1.0f) << "less than half a unit";
  EXPECT_EQ(round(1.0f + 0x1p-8f), 1.0f) << "half a unit, even below";
  EXPECT_EQ(round(1.0f + 0x1p-7f + 0x1p-8f), 1.0f + 0x1p-6f) << "half a unit, even above";
  EXPECT_EQ(round(-1.0f - 0x1p-8f - 0x1p-20f), -1.0f - 0x1p-7f);
  EXPECT_EQ(round(0x1.fffffep127f), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(round(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_EQ(round(1e-40f), 0x1p-133f) << "a subnormal";
}

}  // namespace
}  // namespace optfleet::rules
