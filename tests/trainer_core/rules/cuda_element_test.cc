// The element kernels against the CPU's loops, bit for bit (see cuda_memory.h for what runs where).
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "tests/trainer_core/rules/cuda_memory.h"
#include "tests/trainer_core/rules/every_rule.h"
#include "trainer_core/rules/cuda/element_body.h"

namespace optfleet::rules::cuda {
namespace {

struct Piece {
  int64_t begin, count;
  bool states_lie_elsewhere;  // not at the same distance from a pack as the weights
};

// One after the other, at all distances from a pack; what lies between them belongs to nobody.
std::vector<Piece> PiecesOf(const std::vector<int64_t>& counts) {
  std::vector<Piece> pieces;
  int64_t end = 0;
  for (const int64_t count : counts) {
    const auto index = static_cast<int64_t>(pieces.size());
    const int64_t begin = (end + 8) / kPack * kPack + (index % 3 == 2 ? index % kPack : 0);
    pieces.push_back({begin, count, index % 5 == 4});
    end = begin + count;
  }
  return pieces;
}

template <class T>
std::vector<T> Filled(size_t size, uint32_t seed, bool positive) {
  Noise noise(seed);
  std::vector<T> values(size);
  for (T& value : values) {
    const float x = noise();
    Store(positive ? std::fabs(x) : x, &value);
  }
  return values;
}

template <class Weight, class State>
class Tensors {
 public:
  explicit Tensors(const std::vector<int64_t>& counts)
      : pieces_(PiecesOf(counts)),
        size_(static_cast<size_t>(pieces_.back().begin + pieces_.back().count) + 8),
        weight_(Filled<Weight>(size_, 1, false)),
        gradient_(Filled<Weight>(size_, 2, false)) {
    for (size_t s = 0; s < states_.size(); ++s)
      states_[s] = Filled<State>(size_, static_cast<uint32_t>(3 + s), true);
  }

  // One step of both; true if every byte of every array is the same afterwards.
  template <class Rule>
  testing::AssertionResult Step(const Rule& rule, const GradientTransform& transform, float not_finite) {
    const Array<Weight> weight(weight_), gradient(gradient_);
    const Array<State> first(states_[0]), second(states_[1]), third(states_[2]);
    const Array<float> figures({not_finite, transform.scale});
    const auto there = At(weight.data(), gradient.data(), {first.data(), second.data(), third.data()});
    Update(rule, DeviceGradient{figures.data(), figures.data() + 1, transform.bound},
           std::span<const Elements<Weight, State>>(there), nullptr);
    if (not_finite == 0) {
      for (const auto& elements :
           At(weight_.data(), gradient_.data(), {states_[0].data(), states_[1].data(), states_[2].data()}))
        rules::Update(rule, transform, elements);
    }
    if (!SameBytes(weight.Read(), weight_)) return testing::AssertionFailure() << "weights";
    if (!SameBytes(gradient.Read(), gradient_)) return testing::AssertionFailure() << "gradients";
    if (!SameBytes(first.Read(), states_[0])) return testing::AssertionFailure() << "first state";
    if (!SameBytes(second.Read(), states_[1])) return testing::AssertionFailure() << "second state";
    if (!SameBytes(third.Read(), states_[2])) return testing::AssertionFailure() << "third state";
    return testing::AssertionSuccess();
  }

  const std::vector<Weight>& weights() const { return weight_; }

 private:
  std::vector<Elements<Weight, State>> At(Weight* weight, const Weight* gradient,
                                          std::array<State*, kMostStates> states) const {
    std::vector<Elements<Weight, State>> tensors;
    for (const Piece& piece : pieces_) {
      Elements<Weight, State> elements{weight + piece.begin, gradient + piece.begin, {}, piece.count};
      for (size_t s = 0; s < kMostStates; ++s)
        elements.states[s] =
            states[s] + piece.begin + (piece.states_lie_elsewhere ? static_cast<int64_t>(s) + 1 : 0);
      tensors.push_back(elements);
    }
    return tensors;
  }

  const std::vector<Piece> pieces_;
  const size_t size_;
  std::vector<Weight> weight_, gradient_;
  std::array<std::vector<State>, kMostStates> states_;
};

const GradientTransform kTransform{0.5f, 0.4f};

// Around a pack, a round of threads, and one and two chunks; none of it twice at the same distance from a
// pack.
const std::vector<int64_t> kCounts{1,    3,    4,    5,    255,  256, 257,  1023, 1024,  1025, 0,    4095,
                                   4096, 4097, 8191, 8192, 8193, 1,   4099, 1030, 12345, 2,    4096, 3};

template <class Weight, class State>
void ExpectCpuBits() {
  ForEveryRule([](const auto& rule) {
    Tensors<Weight, State> tensors(kCounts);
    const auto before = tensors.weights();
    for (int step = 0; step < 2; ++step)
      EXPECT_TRUE(tensors.Step(rule, kTransform, 0)) << typeid(rule).name();
    using Rule = std::decay_t<decltype(rule)>;
    EXPECT_EQ(SameBytes(before, tensors.weights()), (std::is_same_v<Rule, SophiaCurvature>));
  });
}

TEST(CudaElements, HaveTheBitsOfTheCpu) { ExpectCpuBits<float, float>(); }
TEST(CudaElements, HaveTheBitsOfTheCpuOverBf16Weights) { ExpectCpuBits<BFloat16, float>(); }
TEST(CudaElements, HaveTheBitsOfTheCpuOverBf16) { ExpectCpuBits<BFloat16, BFloat16>(); }

TEST(CudaElements, MoreTensorsThanOneLaunchHolds) {
  constexpr int kMost = TensorTable<Elements<float, float>>::kMostTensors;
  for (const int count : {kMost - 1, kMost, kMost + 1, 2 * kMost + 1}) {
    std::vector<int64_t> counts;
    for (int i = 0; i < count; ++i) counts.push_back(i % 7 == 0 ? 4096 + i : 1 + 13 * i % 300);
    Tensors<float, float> tensors(counts);
    EXPECT_TRUE(tensors.Step(kAdam, kTransform, 0)) << count;
  }
}

TEST(CudaElements, NothingChangesWhereTheGradientIsNotFinite) {
  ForEveryRule([](const auto& rule) {
    Tensors<float, float> tensors(kCounts);
    EXPECT_TRUE(tensors.Step(rule, kTransform, 1)) << typeid(rule).name();
  });
}

TEST(CudaElements, TheScaleIsThatOfTheDevice) {
  for (const float scale : {1.0f, 0.25f, 0.0f}) {
    Tensors<float, float> tensors(kCounts);
    EXPECT_TRUE(tensors.Step(kPlainSgd, {scale, GradientTransform().bound}, 0)) << scale;
  }
}

TEST(CudaElements, NoTensorsAreNoLaunch) {
  const Array<float> figures({0.0f, 1.0f});
  const DeviceGradient gradient{figures.data(), figures.data() + 1, 1};
  EXPECT_NO_THROW(Update(kAdam, gradient, std::span<const Elements<float, float>>(), nullptr));
  const std::vector<Elements<float, float>> empty(3);
  EXPECT_NO_THROW(Update(kAdam, gradient, std::span<const Elements<float, float>>(empty), nullptr));
}

}  // namespace
}  // namespace optfleet::rules::cuda
