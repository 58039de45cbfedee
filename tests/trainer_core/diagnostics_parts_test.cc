// The figures that need no tensor: spikes of made series, the noise scale of made gradients, peaks by name,
// and the phases of a hand-moved clock.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "trainer_core/diagnostics/loss_spikes.h"
#include "trainer_core/diagnostics/noise_scale.h"
#include "trainer_core/diagnostics/peak_flops.h"
#include "trainer_core/diagnostics/phase_clock.h"

namespace optfleet::trainer {
namespace {

// A falling loss with noise, as of a run that goes well.
double CalmLoss(int step) { return 2.5 + 3.0 * std::exp(-step / 80.0) + 0.03 * std::sin(step * 12.9898); }

TEST(LossSpikes, ACalmRunHasNone) {
  LossSpikes spikes(64, 6);
  for (int step = 0; step < 1000; ++step) spikes.Add(CalmLoss(step));
  EXPECT_EQ(spikes.spikes(), 0);
  EXPECT_EQ(spikes.spike_steps(), 0);
  EXPECT_EQ(spikes.height(), 0);
}

TEST(LossSpikes, CountsEachExcursionOnceWithItsStepsAndHeight) {
  LossSpikes spikes(64, 6);
  for (int step = 0; step < 1000; ++step) {
    const bool first = step >= 400 && step < 405, second = step == 700;
    spikes.Add(CalmLoss(step) + (first ? 1.0 : second ? 3.0 : 0.0));
  }
  EXPECT_EQ(spikes.spikes(), 2);
  EXPECT_EQ(spikes.spike_steps(), 6);
  EXPECT_NEAR(spikes.height(), 3.0, 0.05);
}

TEST(LossSpikes, ALossThatIsNotFiniteIsOne) {
  LossSpikes spikes(64, 6);
  for (int step = 0; step < 200; ++step) spikes.Add(step == 3 || step == 100 ? NAN : CalmLoss(step));
  EXPECT_EQ(spikes.spikes(), 2);
  EXPECT_EQ(spikes.spike_steps(), 2);
}

TEST(LossSpikes, BelowTheThresholdIsNone) {
  // Losses 2 +- 0.1 have the median 2 and a MAD of 0.1, so the bound of 6 lies at 2 + 0.88956.
  for (const double excess : {0.88, 0.90}) {
    LossSpikes spikes(64, 6);
    for (int step = 0; step < 64; ++step) spikes.Add(step % 2 == 0 ? 2.1 : 1.9);
    spikes.Add(2.0 + excess);
    EXPECT_EQ(spikes.spikes(), excess > 0.88956 ? 1 : 0) << excess;
  }
}

TEST(LossSpikes, ALossThatStandsStillSpikesFromTwoPerCent) {
  LossSpikes spikes(64, 6);
  for (int step = 0; step < 64; ++step) spikes.Add(2.0);
  spikes.Add(2.039);
  EXPECT_EQ(spikes.spikes(), 0);
  spikes.Add(2.041);
  EXPECT_EQ(spikes.spikes(), 1);
}

TEST(LossSpikes, ANewLevelIsOneSpikeAndThenTheRule) {
  LossSpikes spikes(16, 6);
  for (int step = 0; step < 100; ++step) spikes.Add(2.0);
  for (int step = 0; step < 100; ++step) spikes.Add(4.0);
  EXPECT_EQ(spikes.spikes(), 1);
  EXPECT_EQ(spikes.spike_steps(), 16);
  spikes.Add(8.0);
  EXPECT_EQ(spikes.spikes(), 2);
}

TEST(LossSpikes, NothingIsJudgedBeforeHalfAWindow) {
  LossSpikes spikes(64, 6);
  for (int step = 0; step < 31; ++step) spikes.Add(2.0);
  spikes.Add(9.0);
  EXPECT_EQ(spikes.spikes(), 0);
}

TEST(LossSpikes, GoesOnFromItsStateAsIfNothingHadHappened) {
  LossSpikes whole(16, 6), first(16, 6), second(16, 6);
  const auto loss = [](int step) { return CalmLoss(step) + (step % 37 > 34 ? 2.0 : 0.0); };
  for (int step = 0; step < 300; ++step) whole.Add(loss(step));
  for (int step = 0; step < 110; ++step) first.Add(loss(step));  // ends within a spike
  ASSERT_TRUE(second.Restore(Json::parse(first.State().dump())).has_value());
  for (int step = 110; step < 300; ++step) second.Add(loss(step));
  EXPECT_EQ(second.State(), whole.State());
  EXPECT_GT(whole.spikes(), 5);
  EXPECT_EQ(second.Restore(Json{{"calm", "?"}}).error().code(), Code::kDataLoss);
}

// Gradients of single sequences: normal around G with covariance S / dimensions per element.
class MadeGradients {
 public:
  MadeGradients(double gradient_square, double trace)
      : mean_(std::sqrt(gradient_square / kDimensions)), spread_(0.0, std::sqrt(trace / kDimensions)) {}
  std::vector<double> OfBatch(int sequences) {
    std::vector<double> gradient(kDimensions, 0.0);
    for (int i = 0; i < sequences; ++i)
      for (double& element : gradient) element += (mean_ + spread_(engine_)) / sequences;
    return gradient;
  }

 private:
  static constexpr int kDimensions = 400;
  std::mt19937_64 engine_{5};
  const double mean_;
  std::normal_distribution<double> spread_;
};

double Product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Seeds, pitfall 14: the estimator finds |G|^2 and S, and two microbatches agree as much as they say.
TEST(NoiseScale, FindsTheScaleOfMadeGradientsAndTheirCoherence) {
  constexpr double kGradientSquare = 2.0, kTrace = 36.0;
  constexpr int kSmall = 4, kCount = 4, kSteps = 300;
  MadeGradients gradients(kGradientSquare, kTrace);
  NoiseScale noise(kSmall, kSmall * kCount, 0.99);
  double cosines = 0, mean_square = 0, mean_trace = 0;
  for (int step = 0; step < kSteps; ++step) {
    std::vector<std::vector<double>> micro;
    for (int k = 0; k < kCount; ++k) micro.push_back(gradients.OfBatch(kSmall));
    std::vector<double> whole(micro.front().size(), 0.0);
    double small_square = 0;
    for (const auto& gradient : micro) {
      small_square += Product(gradient, gradient) / kCount;
      for (size_t i = 0; i < whole.size(); ++i) whole[i] += gradient[i] / kCount;
    }
    for (size_t k = 1; k < micro.size(); ++k)
      cosines += Product(micro[k], micro[k - 1]) /
                 std::sqrt(Product(micro[k], micro[k]) * Product(micro[k - 1], micro[k - 1]));
    const auto now = noise.Add(small_square, Product(whole, whole));
    mean_square += now.gradient_square / kSteps;
    mean_trace += now.trace / kSteps;
  }
  EXPECT_NEAR(mean_square, kGradientSquare, 0.03 * kGradientSquare);
  EXPECT_NEAR(mean_trace, kTrace, 0.02 * kTrace);
  const double scale = kTrace / kGradientSquare;
  ASSERT_TRUE(noise.scale().has_value());
  EXPECT_NEAR(*noise.scale(), scale, 0.06 * scale);
  EXPECT_NEAR(cosines / (kSteps * (kCount - 1)), 1 / (1 + scale / kSmall), 0.01);
}

TEST(NoiseScale, SmoothsNumeratorAndDenominatorApart) {
  // b 1, B 2: |G|^2 = 2 |G_B|^2 - |G_b|^2 and S = 2 (|G_b|^2 - |G_B|^2).
  NoiseScale noise(1, 2, 0.5);
  const auto first = noise.Add(3, 2);
  EXPECT_DOUBLE_EQ(first.gradient_square, 1);
  EXPECT_DOUBLE_EQ(first.trace, 2);
  EXPECT_DOUBLE_EQ(*noise.scale(), 2);
  noise.Add(5, 4);  // 3 and 2: averages 0.5 x 0.5 + 1.5 = 1.75 and 0.5 x 1 + 1 = 1.5
  EXPECT_DOUBLE_EQ(*noise.scale(), 1.5 / 1.75);
}

TEST(NoiseScale, SaysNothingWhereTheGradientIsLostInNoise) {
  NoiseScale noise(1, 2, 0.5);
  EXPECT_FALSE(noise.scale().has_value());
  noise.Add(3, 1);  // |G|^2 = -1
  EXPECT_FALSE(noise.scale().has_value());
}

TEST(NoiseScale, GoesOnFromItsState) {
  NoiseScale whole(2, 8, 0.9), resumed(2, 8, 0.9);
  whole.Add(1.7, 1.1);
  ASSERT_TRUE(resumed.Restore(Json::parse(whole.State().dump())).has_value());
  whole.Add(1.3, 1.2);
  resumed.Add(1.3, 1.2);
  EXPECT_EQ(*resumed.scale(), *whole.scale());
  EXPECT_EQ(resumed.Restore(Json::object()).error().code(), Code::kDataLoss);
}

TEST(PeakFlops, KnowsGpusByTheirNameAndNoOthers) {
  EXPECT_EQ(PeakFlopsOf("NVIDIA A100-SXM4-40GB"), 312e12);
  EXPECT_EQ(PeakFlopsOf("NVIDIA H100 80GB HBM3"), 989e12);
  EXPECT_EQ(PeakFlopsOf("NVIDIA H100 PCIe"), 756e12);
  EXPECT_EQ(PeakFlopsOf("NVIDIA L4"), 121e12);
  EXPECT_EQ(PeakFlopsOf("NVIDIA A1000"), std::nullopt);
  EXPECT_EQ(PeakFlopsOf("Intel(R) Xeon(R) Processor"), std::nullopt);
}

TEST(PhaseClock, GivesEveryMomentToOnePhase) {
  std::chrono::steady_clock::time_point time;
  PhaseClock clock([&time] { return time; });
  const auto spend = [&](Phase phase, int seconds) {
    clock.Enter(phase);
    time += std::chrono::seconds(seconds);
  };
  clock.Start();
  time += std::chrono::seconds(1);
  spend(Phase::kData, 2);
  spend(Phase::kForward, 4);
  spend(Phase::kData, 8);
  clock.Enter(Phase::kRest);
  EXPECT_EQ(clock.SecondsOf(Phase::kRest), 1);
  EXPECT_EQ(clock.SecondsOf(Phase::kData), 10);
  EXPECT_EQ(clock.SecondsOf(Phase::kForward), 4);
  clock.Start();
  EXPECT_EQ(clock.SecondsOf(Phase::kData), 0);
}

}  // namespace
}  // namespace optfleet::trainer
