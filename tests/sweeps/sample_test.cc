// The key `sample`, and the sequence behind it.
#include "sweeps/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "sweeps/sobol.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using testing::Expanded;
using ::testing::HasSubstr;
using testing::MistakesOf;
using testing::PointsOf;

// SciPy 1.x: qmc.Sobol(d=21, scramble=False, bits=32).random(1024)[1000] * 2**32
constexpr std::array<uint32_t, kMostSobolDimensions> kPoint1000 = {
    943718400,  415236096,  2227175424, 2906652672, 1203765248, 3896508416, 197132288,
    3862953984, 2151677952, 297795584,  364904448,  1094713344, 692060160,  1648361472,
    616562688,  1589641216, 3091202048, 1480589312, 4257218560, 3116367872, 2243952640};

TEST(Sobol, IsTheSequenceOfSciPy) {
  for (int i = 0; i < kMostSobolDimensions; ++i)
    EXPECT_EQ(Sobol(1000, i), kPoint1000[static_cast<size_t>(i)]) << "dimension " << i;
  EXPECT_EQ(Sobol(0, 5), 0U);
  EXPECT_EQ(Sobol(2, 0), 3221225472U) << "0.75";
}

TEST(Sobol, EverySliceHasOnePoint) {
  for (int dimension = 0; dimension < kMostSobolDimensions; ++dimension) {
    std::set<uint32_t> slices;
    for (uint32_t i = 0; i < 256; ++i) slices.insert(Sobol(i, dimension) >> 24);
    EXPECT_EQ(slices.size(), 256U) << dimension;
  }
}

std::vector<spec::TrainingSpec> SpecsOf(const std::string& text) {
  const auto result = Expanded(text);
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  std::vector<spec::TrainingSpec> specs;
  if (result.expansion)
    for (const Job& job : result.expansion->jobs) specs.push_back(job.spec);
  return specs;
}

const std::string kRate = "optimizer.learning_rate: {from: 1e-4, to: 1e-1, spacing: log}\n";

TEST(Sample, ALogRangeHasAPointInEachPartOfIt) {
  std::set<int> parts;
  for (const auto& spec : SpecsOf("sample.points: 16\n" + kRate)) {
    const double share = std::log10(spec.optimizer.learning_rate / 1e-4) / 3;
    EXPECT_GE(share, 0);
    EXPECT_LT(share, 1);
    parts.insert(static_cast<int>(share * 16 * 0.9999999 + 1e-4));
  }
  EXPECT_EQ(parts.size(), 16U);
}

TEST(Sample, KeysVaryTogetherAndListsStayAxes) {
  EXPECT_EQ(SpecsOf("sample.points: 8\n" + kRate + "optimizer.weight_decay: {from: 0, to: 0.2}\n").size(),
            8U);
  EXPECT_EQ(SpecsOf("sample.points: 8\n" + kRate + "model.layers: [1, 2]\n").size(), 16U);
  EXPECT_EQ(
      SpecsOf(
          "sample.points: 8\nsweep:\n  - {optimizer.weight_decay: {from: 0, to: 1}}\n  - {model.layers: 2}\n")
          .size(),
      9U)
      << "a block without such a key is one point";
}

TEST(Sample, MorePointsBeginWithTheOldOnes) {
  for (const char* method : {"sobol", "random"}) {
    const std::string keys =
        "sample.method: " + std::string(method) + "\n" + kRate + "training.batch_size: {from: 1, to: 64}\n";
    const auto few = SpecsOf(keys + "sample.points: 5\n");
    const auto many = SpecsOf(keys + "sample.points: 50\n");
    for (size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i], many[i]) << method << " " << i;
  }
}

TEST(Sample, TheSeedChangesThePoints) {
  EXPECT_NE(PointsOf("sample: {points: 4}\n" + kRate), PointsOf("sample: {points: 4, seed: 1}\n" + kRate));
  EXPECT_NE(PointsOf("sample: {points: 4}\n" + kRate),
            PointsOf("sample: {points: 4, method: random}\n" + kRate));
  EXPECT_EQ(PointsOf("sample: {points: 4}\n" + kRate, {"sample.seed=1"}),
            PointsOf("sample: {points: 4, seed: 1}\n" + kRate));
}

TEST(Sample, WholeNumbersAndChoicesAreEquallyLikely) {
  std::map<int64_t, int> sizes;
  std::map<spec::MlpKind, int> kinds;
  const auto specs = SpecsOf(
      "sample: {points: 999, method: random}\ntraining.batch_size: {from: 1, to: 3}\n"
      "model.mlp: {choose: [relu, gelu, swiglu]}\nreplicates: 1\n"
      "equal_points: keep\n");
  ASSERT_EQ(specs.size(), 999U);
  for (const auto& spec : specs) {
    ++sizes[spec.training.batch_size];
    ++kinds[spec.model.mlp];
  }
  ASSERT_EQ(sizes.size(), 3U);
  ASSERT_EQ(kinds.size(), 3U);
  // Three standard deviations of 333 are 45.
  for (const auto& [size, count] : sizes) EXPECT_NEAR(count, 333, 45) << size;
  for (const auto& [kind, count] : kinds) EXPECT_NEAR(count, 333, 45);
}

TEST(Sample, GoesWithConditionsAndExclusions) {
  EXPECT_EQ(SpecsOf("sample.points: 4\noptimizer.name: [sgd, adamw]\n" + kRate +
                    "optimizer.momentum: {from: 0.5, to: 0.9, when: optimizer.name == sgd}\n")
                .size(),
            8U);
}

TEST(Sample, Mistakes) {
  EXPECT_THAT(MistakesOf(kRate),
              HasSubstr("`optimizer.learning_rate` has a distribution, of which no points are drawn"));
  EXPECT_THAT(MistakesOf("sample.points: 4\n"), HasSubstr("`sample` has no key to draw points of"));
  EXPECT_THAT(
      MistakesOf("sample: {points: 0, method: grid, sed: 1}\n" + kRate),
      AllOf(HasSubstr("`points` must be a whole number from 1 to 100,000"),
            HasSubstr("`method` must be sobol, random or tpe"), HasSubstr("`sample` has no key `sed`")));
  EXPECT_THAT(MistakesOf("sample.points: 4\nmodel.mlp: {choose: []}\n"),
              HasSubstr("must be a list of values"));
  EXPECT_THAT(MistakesOf("sample.points: 4\nmodel.mlp: {choose: [rleu]}\n"),
              HasSubstr("did you mean `relu`?"));
  EXPECT_THAT(MistakesOf("sample.points: 4\nsweep:\n  - sample.points: 3\n"),
              HasSubstr("cannot stand in a block"));
}

}  // namespace
}  // namespace optfleet::sweeps
