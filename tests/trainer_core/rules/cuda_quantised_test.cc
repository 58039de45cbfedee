// The 8-bit kernels against the CPU's loops, bit for bit (see cuda_memory.h for what runs where).
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/trainer_core/rules/cuda_memory.h"
#include "tests/trainer_core/rules/every_rule.h"
#include "trainer_core/rules/cuda/quantised_body.h"

namespace optfleet::rules::cuda {
namespace {

constexpr int64_t kGap = 8;  // what lies between tensors belongs to nobody

struct Piece {
  int64_t begin, count, first_scale;
};

class Tensors {
 public:
  Tensors(const std::vector<int64_t>& counts, int block) : block_(block) {
    int64_t end = 0, scales = 0;
    for (const int64_t count : counts) {
      const auto index = static_cast<int64_t>(pieces_.size());
      const int64_t begin = (end + kGap) / kPack * kPack + (index % 2 == 1 ? index % kPack : 0);
      pieces_.push_back({begin, count, scales + 1});
      end = begin + count;
      scales += 1 + (count + block - 1) / block;
    }
    const auto size = static_cast<size_t>(end + kGap);
    weight_.assign(size, 0.5f);
    gradient_.resize(size);
    m_codes_.assign(size, static_cast<uint8_t>(SignedCodes().zero));
    v_codes_.assign(size, 0);
    m_scales_.assign(static_cast<size_t>(scales + 1), 0.0f);
    v_scales_ = m_scales_;
  }

  // One step of both from the same state; true if every byte of every array is the same afterwards.
  template <class Rule>
  testing::AssertionResult Step(const Rule& rule, int step, float not_finite) {
    SetGradient(step);
    const GradientTransform transform{0.5f, 0.3f};
    const Array<float> weight(weight_), gradient(gradient_), m_scales(m_scales_), v_scales(v_scales_);
    const Array<uint8_t> m_codes(m_codes_), v_codes(v_codes_);
    const Array<float> figures({not_finite, transform.scale});
    const Array<CodeTables> tables({MakeCodeTables()});
    const auto there = At(weight.data(), gradient.data(), {m_codes.data(), m_scales.data()},
                          {v_codes.data(), v_scales.data()});
    Update(rule, DeviceGradient{figures.data(), figures.data() + 1, transform.bound},
           std::span<const QuantisedElements>(there), tables.data(), nullptr);
    if (not_finite == 0) {
      for (const auto& elements : At(weight_.data(), gradient_.data(), {m_codes_.data(), m_scales_.data()},
                                     {v_codes_.data(), v_scales_.data()}))
        rules::Update(rule, transform, elements);
    }
    if (!SameBytes(weight.Read(), weight_)) return testing::AssertionFailure() << "weights";
    if (!SameBytes(m_codes.Read(), m_codes_)) return testing::AssertionFailure() << "codes of momentum";
    if (!SameBytes(m_scales.Read(), m_scales_)) return testing::AssertionFailure() << "scales of momentum";
    if (!SameBytes(v_codes.Read(), v_codes_)) return testing::AssertionFailure() << "codes of 2nd moment";
    if (!SameBytes(v_scales.Read(), v_scales_)) return testing::AssertionFailure() << "scales of 2nd moment";
    return testing::AssertionSuccess();
  }

  const std::vector<uint8_t>& codes() const { return m_codes_; }

 private:
  // Magnitudes over six decades, both signs, and zeros.
  void SetGradient(int step) {
    Noise noise(static_cast<uint32_t>(11 + step));
    for (float& g : gradient_) {
      const float sign_and_size = noise(), decade = noise();
      g = decade > 0.95f ? 0.0f : sign_and_size * std::pow(10.0f, -6 * std::fabs(decade));
    }
  }

  std::vector<QuantisedElements> At(float* weight, const float* gradient, QuantisedState m,
                                    QuantisedState v) const {
    std::vector<QuantisedElements> tensors;
    for (const Piece& piece : pieces_)
      tensors.push_back({weight + piece.begin,
                         gradient + piece.begin,
                         {m.codes + piece.begin, m.scales + piece.first_scale},
                         {v.codes + piece.begin, v.scales + piece.first_scale},
                         piece.count,
                         block_});
    return tensors;
  }

  const int block_;
  std::vector<Piece> pieces_;
  std::vector<float> weight_, gradient_, m_scales_, v_scales_;
  std::vector<uint8_t> m_codes_, v_codes_;
};

// Around a block, a tile and a chunk of the kernel.
std::vector<int64_t> CountsFor(int block) {
  const int64_t tile = ElementsOfTile(block), chunk = tile * kTilesInChunk;
  return {1,         block + 1, block, 3, 2 * block + 1,       tile - 1, tile, tile + 1, chunk,
          chunk + 1, chunk - 1, 0,     7, 2 * chunk + tile + 5};
}

const std::vector<int> kBlocks{1, 7, 8, 64, 256, 300, 1025, 2048};

TEST(CudaQuantised, AdamHasTheBitsOfTheCpu) {
  for (const int block : kBlocks) {
    Tensors tensors(CountsFor(block), block);
    const auto before = tensors.codes();
    for (int step = 0; step < 4; ++step) ASSERT_TRUE(tensors.Step(kAdam, step, 0)) << block << " " << step;
    EXPECT_FALSE(SameBytes(before, tensors.codes()));
  }
}

TEST(CudaQuantised, LionHasTheBitsOfTheCpu) {
  for (const int block : kBlocks) {
    Tensors tensors(CountsFor(block), block);
    for (int step = 0; step < 4; ++step) ASSERT_TRUE(tensors.Step(kLion, step, 0)) << block << " " << step;
  }
}

TEST(CudaQuantised, MoreTensorsThanOneLaunchHolds) {
  std::vector<int64_t> counts;
  for (int i = 0; i < 2 * TensorTable<QuantisedElements>::kMostTensors + 1; ++i)
    counts.push_back(i % 9 == 0 ? 8192 + i : 1 + 31 * i % 700);
  Tensors tensors(counts, 256);
  EXPECT_TRUE(tensors.Step(kAdam, 0, 0));
}

TEST(CudaQuantised, NothingChangesWhereTheGradientIsNotFinite) {
  Tensors tensors(CountsFor(256), 256);
  ASSERT_TRUE(tensors.Step(kAdam, 0, 0));
  EXPECT_TRUE(tensors.Step(kAdam, 1, 1));
  EXPECT_TRUE(tensors.Step(kLion, 2, 1));
}

}  // namespace
}  // namespace optfleet::rules::cuda
