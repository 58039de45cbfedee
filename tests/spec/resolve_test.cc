#include "spec/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/fields.h"
#include "tests/spec/resolving.h"

namespace optfleet::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Resolve, FillsWhatFollows) {
  TrainingSpec spec = Small();
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.model.mlp_width, 512);
  EXPECT_EQ(spec.model.context, 128);
  EXPECT_EQ(spec.training.micro_batch, 16);
  EXPECT_EQ(spec.budget.tokens, 100 * 16 * 128);
}

TEST(Resolve, TokensAreRoundedUpToWholeSteps) {
  for (const auto& [tokens, steps] : {std::pair<int64_t, int64_t>{1, 1}, {2048, 1}, {2049, 2}, {4096, 2}}) {
    TrainingSpec spec = Small();
    spec.budget = {0, tokens};
    ASSERT_THAT(Resolve(&spec), IsEmpty());
    EXPECT_EQ(spec.budget.steps, steps) << tokens;
    EXPECT_EQ(spec.budget.tokens, steps * 2048) << tokens;
  }
}

TEST(Resolve, ASecondTimeChangesNothing) {
  TrainingSpec once = Small();
  once.budget = {0, 5000};
  once.schedule.warmup = Steps(3);
  ASSERT_THAT(Resolve(&once), IsEmpty());
  TrainingSpec twice = once;
  ASSERT_THAT(Resolve(&twice), IsEmpty());
  EXPECT_EQ(twice, once);
}

// A form that a rule would silently leave out is a mistake, not a run without decay.
TEST(Resolve, FormsOfDecayAreHeldAgainstEveryRuleOfTheRun) {
  TrainingSpec spec = Small();
  spec.optimizer.weight_decay = 0.1;
  spec.optimizer.decay_form = DecayForm::kCoupled;
  for (const auto kind : {OptimizerKind::kLion, OptimizerKind::kAdafactor, OptimizerKind::kAdalayerRows}) {
    spec.optimizer.name = kind;
    EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("is coupled, which only sgd")));
  }
  spec.optimizer.name = OptimizerKind::kAdamW;
  EXPECT_THAT(Messages(spec), IsEmpty());
  spec.optimizer.groups[static_cast<size_t>(ParameterGroup::kNorm)].name = OptimizerKind::kSignum;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("is coupled, which only sgd")));
  spec.optimizer.groups = {};
  spec.optimizer.decay_form = DecayForm::kDecoupledByPeak;
  spec.optimizer.name = OptimizerKind::kScheduleFreeAdamW;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("schedule-free rules decay where they take gradients")));
}

TEST(Resolve, AveragingRulesNeedMomentum) {
  TrainingSpec spec = Small();
  spec.optimizer.momentum = 0;
  spec.optimizer.beta1 = 0;
  spec.optimizer.name = OptimizerKind::kScheduleFreeSgd;
  EXPECT_THAT(Messages(spec), ElementsAre("schedule_free_sgd needs an `optimizer.momentum` above 0"));
  spec.optimizer.name = OptimizerKind::kScheduleFreeAdamW;
  EXPECT_THAT(Messages(spec), ElementsAre("schedule_free_adamw needs an `optimizer.beta1` above 0"));
  spec.optimizer.name = OptimizerKind::kAdamW;
  EXPECT_THAT(Messages(spec), IsEmpty());
}

TEST(Resolve, ResetsWhatTheRunDoesNotRead) {
  TrainingSpec spec = Small();
  spec.optimizer = {
      .name = OptimizerKind::kSgd, .momentum = 0, .dampening = 0.5, .beta1 = 0.5, .epsilon = 1e-3};
  spec.schedule = {.name = ScheduleKind::kConstant, .warmup = Steps(10), .final_ratio = 0.7};
  spec.evaluation.every_steps = 100;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.optimizer.dampening, 0);
  EXPECT_EQ(spec.optimizer.beta1, 0.9);
  EXPECT_EQ(spec.optimizer.epsilon, 1e-8);
  EXPECT_EQ(spec.schedule.final_ratio, 0.1);
  EXPECT_EQ(spec.schedule.warmup, Steps(10));  // a constant schedule warms up, too
  EXPECT_EQ(spec.evaluation.every_steps, 0);

  TrainingSpec adam = Small();
  adam.optimizer = {
      .name = OptimizerKind::kAdam, .momentum = 0, .dampening = 0.5, .nesterov = true, .beta1 = 0.5};
  ASSERT_THAT(Resolve(&adam), IsEmpty());
  EXPECT_EQ(adam.optimizer.momentum, 0.9);
  EXPECT_FALSE(adam.optimizer.nesterov);
  EXPECT_EQ(adam.optimizer.beta1, 0.5);
}

TEST(Resolve, ModelRules) {
  TrainingSpec spec = Small();
  spec.model.heads = 3;
  spec.model.context = 64;
  spec.model.vocab_size = 255;
  spec.training.recompute_every = 5;
  EXPECT_THAT(
      Messages(spec),
      ElementsAre(
          "`model.width` 128 is not a multiple of `model.heads` 3",
          "`model.context` 64 is shorter than `data.sequence_length` 128",
          "`training.recompute_every` 5 is more than `model.layers` 4",
          "`model.vocab_size` 255 is less than the 256 values of a byte, as which `data.path` is read"));
}

TEST(Resolve, BatchRules) {
  TrainingSpec spec = Small();
  spec.training.micro_batch = 24;
  spec.data.path.clear();
  EXPECT_THAT(Messages(spec),
              ElementsAre("`training.batch_size` 16 is not a multiple of `training.micro_batch` 24",
                          "`data.path` is missing"));
}

TEST(Resolve, OptimizerRules) {
  TrainingSpec spec = Small();
  spec.optimizer.name = OptimizerKind::kSgd;
  spec.optimizer.nesterov = true;
  EXPECT_THAT(Messages(spec), IsEmpty());
  spec.optimizer.dampening = 0.1;
  EXPECT_THAT(Messages(spec), ElementsAre("`optimizer.nesterov` is on but `optimizer.dampening` is not 0"));
  spec.optimizer.dampening = 0;
  spec.optimizer.momentum = 0;
  EXPECT_THAT(Messages(spec), ElementsAre("`optimizer.nesterov` is on but `optimizer.momentum` is 0"));
}

TEST(Resolve, MuonIsForMatrices) {
  TrainingSpec spec = Small();
  spec.optimizer.name = OptimizerKind::kMuon;
  EXPECT_THAT(Messages(spec), IsEmpty());
  spec.optimizer.groups[static_cast<size_t>(ParameterGroup::kEmbedding)].name = OptimizerKind::kMuon;
  EXPECT_THAT(Messages(spec), IsEmpty());
  spec.optimizer.groups[static_cast<size_t>(ParameterGroup::kNorm)].name = OptimizerKind::kMuon;
  EXPECT_THAT(Messages(spec),
              ElementsAre("`optimizer.groups.norm.name` is muon, which updates matrices only"));
}

TEST(Resolve, MuonBringsAdamWWithItsOptions) {
  TrainingSpec spec = Small();
  spec.optimizer.name = OptimizerKind::kMuon;
  spec.optimizer.beta2 = 0.99;
  spec.optimizer.momentum = 0.5;
  ASSERT_THAT(Messages(spec), IsEmpty());
  Resolve(&spec);
  EXPECT_EQ(spec.optimizer.beta2, 0.99);
  EXPECT_EQ(spec.optimizer.momentum, OptimizerSpec{}.momentum) << "read by no rule here";
}

TEST(Resolve, PureBf16HoldsStatesOfElementWiseRules) {
  TrainingSpec spec = Small();
  spec.training.precision = Precision::kPureBf16;
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kLion, OptimizerKind::kSophia}) {
    spec.optimizer.name = kind;
    EXPECT_THAT(Messages(spec), IsEmpty());
  }
  spec.optimizer.name = OptimizerKind::kSoap;
  EXPECT_THAT(Messages(spec),
              ElementsAre("`training.precision` is pure_bf16, but the state of soap is not kept in bf16"));
}

TEST(Resolve, FrozenMomentsNeedAFreezeInSteps) {
  TrainingSpec spec = Small();
  spec.optimizer.name = OptimizerKind::kAdalayerFrozen;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("until `schedule.freeze` ends, which is 0")));
  spec.schedule.freeze = Percent(10);
  EXPECT_THAT(Messages(spec), IsEmpty());
  spec.budget = {.seconds = 100};
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("a share of an unknown number of steps")));
}

TEST(Resolve, SoftmaxInBf16NeedsTheAttentionThatHasOne) {
  TrainingSpec spec = Small();
  spec.training.precision = Precision::kBf16;
  spec.training.softmax_precision = SoftmaxPrecision::kBf16;
  EXPECT_THAT(Messages(spec), IsEmpty());
  spec.model.attention = Attention::kSdpa;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("`model.attention` sdpa computes it in fp32")));
}

TEST(Resolve, BudgetRules) {
  TrainingSpec spec = Small();
  spec.budget = {0, 0};
  EXPECT_THAT(Messages(spec),
              ElementsAre("none of `budget.steps`, `budget.tokens`, `budget.epochs`, `budget.flops`, "
                          "`budget.seconds` and `budget.device_hours` is given"));
  spec.budget = {10, 2048};
  EXPECT_THAT(Messages(spec),
              ElementsAre("`budget.steps` 10 and `budget.tokens` 2048 are both given and differ, as a "
                          "step has 2048 tokens"));
  spec.budget = {10, 20480};  // both, and they agree
  EXPECT_THAT(Messages(spec), IsEmpty());
  spec.schedule.warmup = Steps(11);
  EXPECT_THAT(Messages(spec), ElementsAre("`schedule.warmup` 11 is more than the 10 steps of the budget"));
}

TEST(Resolve, TheLargestValuesDoNotOverflow) {
  TrainingSpec spec = Small();
  for (const Field& field : Fields()) {
    if (field.type == FieldType::kInteger) field.set(spec, static_cast<int64_t>(field.range.max));
  }
  spec.model.block_parameters = 0;  // it would choose the width itself, and a head's width the heads
  spec.model.head_width = 0;
  spec.budget.tokens = 0;
  EXPECT_THAT(Messages(spec),
              ElementsAre("`budget.steps` 1000000000000 of 1099511627776 tokens are more than "
                          "1000000000000000 tokens"));
}

}  // namespace
}  // namespace optfleet::spec
