#include "trainer_core/rules/quantised.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "tests/trainer_core/rules/vectors.h"
#include "trainer_core/rules/code_book.h"

namespace optfleet::rules {
namespace {

TEST(CodeBook, HasTheValuesOfTheReference) {
  for (const CodeBook* book : {&SignedCodes(), &UnsignedCodes()}) {
    EXPECT_TRUE(std::is_sorted(book->value.begin(), book->value.end()));
    EXPECT_EQ(std::adjacent_find(book->value.begin(), book->value.end()), book->value.end())
        << "two equal codes";
    EXPECT_EQ(book->value.back(), 1.0f);
    EXPECT_EQ(book->value[static_cast<size_t>(book->zero)], 0.0f);
  }
  EXPECT_EQ(SignedCodes().zero, 127);
  EXPECT_NEAR(SignedCodes().value[0], -0.99297f, 1e-5);
  EXPECT_NEAR(SignedCodes().value[128], 5.5e-7f, 1e-12);
  EXPECT_EQ(UnsignedCodes().zero, 0);
  EXPECT_NEAR(UnsignedCodes().value[1], 3.25e-7f, 1e-12);
  EXPECT_NEAR(UnsignedCodes().value[254], 0.99648f, 1e-5);
}

struct State {
  std::vector<float> weight, gradient;
  std::vector<uint8_t> m_codes, v_codes;
  std::vector<float> m_scales, v_scales;
  int block;

  State(size_t count, int block_size)
      : weight(count, 0.5f),
        gradient(count),
        m_codes(count, static_cast<uint8_t>(SignedCodes().zero)),
        v_codes(count, 0),
        m_scales((count + static_cast<size_t>(block_size) - 1) / static_cast<size_t>(block_size)),
        v_scales(m_scales.size()),
        block(block_size) {}

  // Magnitudes over so many decades, both signs.
  void SetGradient(int step, double decades = 6) {
    for (size_t i = 0; i < gradient.size(); ++i) {
      const double phase = 0.37 * static_cast<double>(i) + step;
      gradient[i] =
          static_cast<float>(std::sin(phase) * std::pow(10.0, -decades * std::fabs(std::sin(1.7 * phase))));
    }
  }
  QuantisedElements All() {
    return {weight.data(),
            gradient.data(),
            {m_codes.data(), m_scales.data()},
            {v_codes.data(), v_scales.data()},
            static_cast<int64_t>(weight.size()),
            block};
  }
};

uint8_t Nearest(const CodeBook& book, float x) {
  size_t best = 0;
  for (size_t code = 1; code < kCodes; ++code) {
    if (std::fabs(book.value[code] - x) < std::fabs(book.value[best] - x)) best = code;
  }
  return static_cast<uint8_t>(best);
}

const Adam kAdam{0.01f, 0.001f, 0, 0.1f, 0.95f, 0.05f, 1.7f, 1e-8f};
const Lion kLion{0.01f, 0.001f, 0.9f, 0.1f, 0.99f, 0.01f};

// One step from the decoded state, element by element, against the kernel.
void ExpectStep(State* state) {
  const State before = *state;
  Update(kAdam, {}, state->All());
  const size_t count = before.weight.size(), block = static_cast<size_t>(before.block);
  for (size_t begin = 0; begin < count; begin += block) {
    const size_t end = std::min(count, begin + block);
    std::vector<float> ms, vs;
    for (size_t i = begin; i < end; ++i) {
      float w = before.weight[i];
      float m = SignedCodes().value[before.m_codes[i]] * before.m_scales[begin / block];
      float v = UnsignedCodes().value[before.v_codes[i]] * before.v_scales[begin / block];
      kAdam(w, before.gradient[i], m, v);
      ASSERT_NEAR(state->weight[i], w, 1e-7) << i;
      ms.push_back(m);
      vs.push_back(v);
    }
    const auto less = [](float a, float b) { return std::fabs(a) < std::fabs(b); };
    const float m_scale = std::fabs(*std::max_element(ms.begin(), ms.end(), less));
    const float v_scale = *std::max_element(vs.begin(), vs.end());
    ASSERT_EQ(state->m_scales[begin / block], m_scale);
    ASSERT_EQ(state->v_scales[begin / block], v_scale);
    for (size_t i = begin; i < end; ++i) {
      uint8_t expected = Nearest(SignedCodes(), ms[i - begin] / std::max(m_scale, 1e-38f));
      if (ms[i - begin] < 0 && expected == SignedCodes().zero) --expected;  // keeps its sign
      // Beside a boundary, rounding may decide for the neighbour.
      ASSERT_NEAR(state->m_codes[i], expected, ms[i - begin] == -m_scale ? 0 : 1) << i;
      ASSERT_NEAR(state->v_codes[i], Nearest(UnsignedCodes(), vs[i - begin] / std::max(v_scale, 1e-38f)), 1)
          << i;
    }
  }
}

class Quantised : public testing::TestWithParam<std::pair<size_t, int>> {};
INSTANTIATE_TEST_SUITE_P(CountsAndBlocks, Quantised,
                         testing::Values(std::pair{size_t{1}, 256}, std::pair{size_t{256}, 256},
                                         std::pair{size_t{1000}, 256}, std::pair{size_t{5000}, 2048}));

TEST_P(Quantised, AStepIsThatOfTheDecodedState) {
  State state(GetParam().first, GetParam().second);
  for (int step = 0; step < 5; ++step) {
    state.SetGradient(step);
    ExpectStep(&state);
  }
}

TEST_P(Quantised, NearestCodesAreFoundAlmostAlways) {
  State state(GetParam().first, GetParam().second);
  state.SetGradient(1);
  Update(kLion, {}, state.All());
  int flips = 0;
  for (size_t i = 0; i < state.weight.size(); ++i) {
    const float m = 0.01f * state.gradient[i];
    uint8_t expected = Nearest(SignedCodes(), m / state.m_scales[i / static_cast<size_t>(state.block)]);
    if (m < 0 && expected == SignedCodes().zero) --expected;
    flips += state.m_codes[i] != expected ? 1 : 0;
  }
  EXPECT_LE(flips, static_cast<int>(state.weight.size() / 1000));
}

TEST_P(Quantised, EveryInstructionSetGivesTheSameBits) {
  std::vector<State> ends;
  for (const Vectors vectors : AvailableVectors()) {
    UseVectors(vectors);
    State state(GetParam().first, GetParam().second);
    for (int step = 0; step < 5; ++step) {
      state.SetGradient(step);
      Update(kAdam, {}, state.All());
    }
    ends.push_back(std::move(state));
  }
  UseVectors(BestVectors());
  for (const State& end : ends) {
    EXPECT_EQ(end.weight, ends.front().weight);
    EXPECT_EQ(end.m_codes, ends.front().m_codes);
    EXPECT_EQ(end.v_codes, ends.front().v_codes);
    EXPECT_EQ(end.m_scales, ends.front().m_scales);
    EXPECT_EQ(end.v_scales, ends.front().v_scales);
  }
}

TEST(QuantisedState, ABlockOfZerosStaysZero) {
  State state(256, 256);
  Update(kAdam, {}, state.All());
  EXPECT_EQ(state.m_scales[0], 0.0f);
  for (const uint8_t code : state.m_codes) ASSERT_EQ(code, SignedCodes().zero);
  for (const float w : state.weight) ASSERT_FLOAT_EQ(w, 0.5f * 0.999f);
}

// The loss of precision is that of the codes: over some steps the weights follow those with an fp32 state.
TEST(QuantisedState, FollowsTheWholeState) {
  State state(512, 256);
  std::vector<float> weight = state.weight, m(512), v(512);
  for (int step = 0; step < 30; ++step) {
    state.SetGradient(step, /*decades=*/0.5);
    Update(kAdam, {}, state.All());
    Update(kAdam, {},
           Elements<float, float>{weight.data(), state.gradient.data(), {m.data(), v.data(), nullptr}, 512});
  }
  double difference = 0, moved = 0;
  for (size_t i = 0; i < weight.size(); ++i) {
    difference += std::pow(static_cast<double>(weight[i]) - static_cast<double>(state.weight[i]), 2);
    moved += std::pow(static_cast<double>(weight[i]) - 0.5, 2);
  }
  EXPECT_LT(std::sqrt(difference / moved), 0.2);
  EXPECT_GT(difference, 0) << "nothing was quantised";
}

}  // namespace
}  // namespace optfleet::rules
