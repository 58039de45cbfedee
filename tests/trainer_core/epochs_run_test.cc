// Whole runs that end after epochs, and the seed of the data's order.
#include <gmock/gmock.h>

#include <set>

#include "spec/data/data_parts.h"
#include "tests/trainer_core/session_fixture.h"
#include "trainer_core/data/sampler.h"
#include "trainer_core/loop/trainer.h"

namespace optfleet::trainer {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

class EpochsRunTest : public SessionTest {
 protected:
  spec::TrainingSpec Spec(const std::function<void(spec::TrainingSpec*)>& change) {
    spec::TrainingSpec spec = SmallSpec(data_);
    spec.schedule.warmup = spec::Percent(20);
    change(&spec);
    for (const auto& problem : spec::Resolve(&spec)) ADD_FAILURE() << problem.message;
    return spec;
  }

  // A text whose training part has so many sequences of 16 and their last target.
  std::string TextOf(int64_t sequences) {
    const auto tokens = static_cast<size_t>(sequences * 16 + 1);
    std::string text = SomeText().substr(0, tokens + 40);
    while (data::TrainingShare(static_cast<int64_t>(text.size()), 0.1) < static_cast<int64_t>(tokens))
      text += 'x';
    return data_.Write("epoch.txt", text);
  }

  spec::TrainingSpec ByEpochs(double epochs, int64_t sequences) {
    return Spec([&](auto* spec) {
      spec->data.path = TextOf(sequences);
      spec->budget = {.epochs = epochs};
    });
  }
};

std::vector<std::vector<float>> WeightsOf(const Trainer& trainer) {
  std::vector<std::vector<float>> weights;
  for (const auto& parameter : trainer.model().parameters()) {
    const at::Tensor& tensor = parameter.tensor;
    weights.emplace_back(tensor.const_data_ptr<float>(), tensor.const_data_ptr<float>() + tensor.numel());
  }
  return weights;
}

TEST_F(EpochsRunTest, AnEpochIsEverySequenceOnceButForTheLastBatch) {
  const spec::TrainingSpec spec = ByEpochs(1, 75);  // 9 batches of 8, and 3
  const auto run = Train(spec, {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  EXPECT_EQ(run->result.outcome, Outcome::kSucceeded);
  EXPECT_EQ(run->result.last_step, 10);
  EXPECT_EQ(Column(*run, "epochs").back(), 80.0 / 75);
  const auto sampler = Sampler::Create(75 * 16 + 1, 16, spec.order_seed());
  const auto starts = sampler->Starts(0, run->result.last_step * 8);
  const std::set<int64_t> first(starts.begin(), starts.begin() + 75);
  EXPECT_EQ(first.size(), 75U);
  EXPECT_EQ(*first.rbegin(), 74 * 16);
}

TEST_F(EpochsRunTest, ItTrainsAsSoManyStepsDo) {
  const spec::TrainingSpec by_epochs = ByEpochs(0.5, 144);
  const auto run = Train(by_epochs, {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  ASSERT_EQ(run->result.last_step, 9);
  const auto in_steps = Train(Spec([&](auto* spec) {
                                spec->data.path = by_epochs.data.path;
                                spec->budget = {.steps = 9};
                              }),
                              {});
  ASSERT_TRUE(in_steps.has_value()) << in_steps.error().message();
  for (const char* key : {"loss", "learning_rate", "val_loss"})
    EXPECT_EQ(Column(*run, key), Column(*in_steps, key));
  EXPECT_TRUE(Column(*in_steps, "epochs").empty());
}

TEST_F(EpochsRunTest, ItSurvivesStopsBitForBit) { ExpectSurvivesStops(ByEpochs(2, 40), 10); }

TEST_F(EpochsRunTest, ItDoesNotGoOnWithOtherData) {
  const spec::TrainingSpec spec = ByEpochs(2, 40);
  const auto first = Train(spec, {.stop_at = 3});
  ASSERT_TRUE(first.has_value()) << first.error().message();
  TextOf(48);
  const auto second = Train(spec, {.resume = Checkpoint(*first, 3)});
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message(), HasSubstr("has changed since the checkpoint was written"));
}

TEST_F(EpochsRunTest, WhatDoesNotFitIsRefused) {
  const spec::TrainingSpec spec = Spec([&](auto* change) {
    change->data.path = TextOf(40);
    change->budget = {.epochs = 1};
    change->schedule.warmup = spec::Steps(6);
  });
  const auto run = Train(spec, {});
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(run.error().message(),
              HasSubstr("budget.epochs 1 of 40 sequences: `schedule.warmup` 6 is more than "
                        "the 5 steps of the budget"));
}

TEST_F(EpochsRunTest, DataThatIsTooShortIsRefused) {
  const spec::TrainingSpec spec = Spec([&](auto* change) {
    change->data.path = data_.Write("short.txt", "abcdefgh");
    change->budget = {.epochs = 3};
  });
  const auto run = Train(spec, {});
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(run.error().message(), HasSubstr("use a longer file or a shorter sequence"));
}

TEST_F(EpochsRunTest, TheSeedOfTheDataLeavesTheWeightsAlone) {
  const auto spec_of = [&](int64_t seed, std::optional<int64_t> order) {
    return Spec([&](auto* spec) {
      spec->training.seed = seed;
      spec->data.seed = order;
    });
  };
  const auto started = [&](int64_t seed, std::optional<int64_t> order) {
    return std::move(Trainer::Create(spec_of(seed, order), at::kCPU).value());
  };
  const auto one = started(1, std::nullopt);
  const auto same = started(1, 1);
  const auto other_order = started(1, 2);
  const auto other_weights = started(2, 1);
  EXPECT_EQ(WeightsOf(*one), WeightsOf(*same));
  EXPECT_EQ(WeightsOf(*one), WeightsOf(*other_order));
  EXPECT_NE(WeightsOf(*one), WeightsOf(*other_weights));
  const double loss = one->Step(1, 1).loss;
  EXPECT_EQ(same->Step(1, 1).loss, loss);
  EXPECT_NE(other_order->Step(1, 1).loss, loss) << "the same weights on other sequences";
  EXPECT_NE(other_weights->Step(1, 1).loss, loss);
}

// With the weights of another seed it sees what the first one saw: once these are made equal, all is.
TEST_F(EpochsRunTest, AnotherInitialisationSeesTheSameSequences) {
  const auto spec_of = [&](int64_t seed) {
    return Spec([&](auto* spec) {
      spec->training.seed = seed;
      spec->data.seed = 5;
    });
  };
  const auto one = std::move(Trainer::Create(spec_of(1), at::kCPU).value());
  const auto other = std::move(Trainer::Create(spec_of(2), at::kCPU).value());
  ASSERT_NE(WeightsOf(*one), WeightsOf(*other));
  {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < one->model().parameters().size(); ++i) {
      at::Tensor tensor = other->model().parameters()[i].tensor;
      tensor.copy_(one->model().parameters()[i].tensor);
    }
  }
  for (int64_t step = 1; step <= 3; ++step)
    EXPECT_EQ(one->Step(step, static_cast<double>(step)).loss,
              other->Step(step, static_cast<double>(step)).loss);
}

TEST_F(EpochsRunTest, ASeedOfTheDataSurvivesStopsBitForBit) {
  const auto spec = [&](std::optional<int64_t> seed) {
    return Spec([&](auto* change) {
      change->data.seed = seed;
      change->budget = {.steps = 10};
      change->model.residual_dropout = 0.1;
    });
  };
  ExpectSurvivesStops(spec(11), 10);
  EXPECT_NE(Column(*Train(spec(11), {}), "loss"), Column(*Train(spec(std::nullopt), {}), "loss"));
}

}  // namespace
}  // namespace optfleet::trainer
