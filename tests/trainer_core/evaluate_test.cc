// Validation: which tokens, which figures.
#include "trainer_core/eval/evaluate.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/trainer_core/session_fixture.h"
#include "trainer_core/eval/token_scores.h"
#include "trainer_core/loop/batch.h"
#include "trainer_core/loop/trainer.h"
#include "trainer_core/model/random_state.h"

namespace optfleet::trainer {
namespace {

// Text, one token a byte.
DataPart PartOf(std::span<const uint8_t> text) { return {Tokens(text), static_cast<int64_t>(text.size())}; }

TEST(Evaluator, DisturbsNeitherRandomStateNorGradients) {
  const TemporaryFolder folder;
  spec::TrainingSpec spec = SmallSpec(folder);
  spec.model.residual_dropout = 0.3;
  auto trainer = Trainer::Create(spec, at::kCPU);
  ASSERT_TRUE(trainer.has_value());
  (*trainer)->Step(1, 1);
  const at::Tensor random = SaveRandomState(at::kCPU);
  const at::Tensor gradient = (*trainer)->model().parameters()[0].tensor.grad().clone();

  const Evaluation first = (*trainer)->Evaluate(Validation::kFinal);
  const Evaluation second = (*trainer)->Evaluate(Validation::kFinal);

  EXPECT_EQ(first.loss, second.loss);
  EXPECT_TRUE(random.equal(SaveRandomState(at::kCPU)));
  EXPECT_TRUE(gradient.equal((*trainer)->model().parameters()[0].tensor.grad()));
}

TEST(Evaluator, WeighsEveryTokenOfTheLastPartialGroupTheSame) {
  const TemporaryFolder folder;
  const std::string text = SomeText();
  const std::vector<uint8_t> part(text.begin(), text.begin() + 16 * 7 + 1);  // 7 sequences: groups of 4 and 3
  const spec::TrainingSpec spec = SmallSpec(folder);
  Transformer model(spec, at::kCPU);
  model.Initialize(3);
  const Evaluation result = Evaluator(spec, PartOf(part), at::kCPU).Run(model, Validation::kFinal);
  const std::vector<int64_t> starts{0, 16, 32, 48, 64, 80, 96};
  const Batch all = MakeBatch(Tokens(part), starts, 16, at::kCPU);
  EXPECT_EQ(result.tokens, 112);
  EXPECT_NEAR(result.loss, model.Loss(all.inputs, all.targets, Reduction::kMean, false).nll.item<double>(),
              1e-6);
  EXPECT_DOUBLE_EQ(result.perplexity, std::exp(result.loss));
  EXPECT_DOUBLE_EQ(*result.bits_per_byte, result.loss / std::log(2.0));
}

TEST(Evaluator, ReadsNoMoreBatchesThanAsked) {
  const TemporaryFolder folder;
  spec::TrainingSpec spec = SmallSpec(folder);
  spec.evaluation.batches = 2;
  const std::vector<uint8_t> part(10000, 'a');
  Transformer model(spec, at::kCPU);
  model.Initialize(3);
  EXPECT_EQ(Evaluator(spec, PartOf(part), at::kCPU).Run(model, Validation::kFinal).tokens, 2 * 8 * 16);
  EXPECT_FALSE(Evaluator(spec, PartOf(std::span(part).first(16)), at::kCPU).possible());
}

TEST(Evaluator, TakesTheBatchesOfEachKindOfValidation) {
  const TemporaryFolder folder;
  spec::TrainingSpec spec = SmallSpec(folder);
  const std::vector<uint8_t> part(1000, 'a');  // 62 sequences
  Transformer model(spec, at::kCPU);
  model.Initialize(3);
  const auto tokens = [&](Validation which) {
    return Evaluator(spec, PartOf(part), at::kCPU).Run(model, which).tokens;
  };
  spec.evaluation.batches = 2;
  spec.evaluation.final_batches = 0;
  EXPECT_EQ(tokens(Validation::kBetween), 2 * 8 * 16);
  EXPECT_EQ(tokens(Validation::kFinal), 62 * 16);
  spec.evaluation.final_batches = 3;
  EXPECT_EQ(tokens(Validation::kFinal), 3 * 8 * 16);
}

// Weights of 0 give every byte the same chance: 8 bits of each, whatever the text.
TEST(Evaluator, UniformByteModelNeedsEightBitsPerByte) {
  const TemporaryFolder folder;
  spec::TrainingSpec spec = SmallSpec(folder);
  spec.evaluation.metrics = spec::ValidationMetrics::kAll;
  at::NoGradGuard no_grad;
  Transformer model(spec, at::kCPU);
  for (const auto& parameter : model.parameters()) at::Tensor(parameter.tensor).zero_();
  const std::string text = SomeText();
  const std::vector<uint8_t> part(text.begin(), text.end());
  const Evaluation result = Evaluator(spec, PartOf(part), at::kCPU).Run(model, Validation::kFinal);
  EXPECT_NEAR(*result.bits_per_byte, 8, 1e-5);  // sums of a group are fp32
  EXPECT_NEAR(result.perplexity, 256, 1e-3);
  EXPECT_EQ(result.others->accuracy, 0);  // argmax of equals is byte 0, which no text holds
}

// The same sums bit for bit, with more figures beside them.
TEST(Evaluator, AllMetricsLeaveTheStandardOnesAsTheyAre) {
  const TemporaryFolder folder;
  const std::string text = SomeText();
  const std::vector<uint8_t> part(text.begin(), text.begin() + 16 * 13 + 1);
  for (const auto precision : {spec::Precision::kFp32, spec::Precision::kBf16}) {
    spec::TrainingSpec spec = SmallSpec(folder);
    spec.training.precision = precision;
    Transformer model(spec, at::kCPU);
    model.Initialize(3);
    const Evaluation standard = Evaluator(spec, PartOf(part), at::kCPU).Run(model, Validation::kFinal);
    spec.evaluation.metrics = spec::ValidationMetrics::kAll;
    const Evaluation all = Evaluator(spec, PartOf(part), at::kCPU).Run(model, Validation::kFinal);
    EXPECT_EQ(all.loss, standard.loss);
    EXPECT_EQ(all.bits_per_byte, standard.bits_per_byte);
    EXPECT_FALSE(standard.others.has_value());
    ASSERT_TRUE(all.others.has_value());
    EXPECT_NEAR(all.others->perplexity_sequence_mean, all.perplexity, 1e-3);
    EXPECT_NE(all.others->perplexity_batch_mean, all.perplexity);  // 13 sequences: batches of 8 and 5
  }
}

TEST(TokenScores, AreNllAndArgmaxOfEachToken) {
  const at::Tensor logits = at::tensor({1.0F, 2.0F, 0.5F, 3.0F, -1.0F, 3.5F}).view({2, 3});
  const at::Tensor targets = at::tensor({int64_t{1}, int64_t{0}});
  const TokenScores scores = ScoreTokens(logits, targets, spec::SoftmaxPrecision::kFp32);
  const double first = std::log(std::exp(1.0) + std::exp(2.0) + std::exp(0.5)) - 2.0;
  const double second = std::log(std::exp(3.0) + std::exp(-1.0) + std::exp(3.5)) - 3.0;
  EXPECT_NEAR(scores.nll[0].item<double>(), first, 1e-6);
  EXPECT_NEAR(scores.nll[1].item<double>(), second, 1e-6);
  EXPECT_NEAR(scores.sum.item<double>(), first + second, 1e-6);
  EXPECT_TRUE(scores.greedy[0].item<bool>());
  EXPECT_FALSE(scores.greedy[1].item<bool>());
}

class ValidationRunTest : public SessionTest {};

TEST_F(ValidationRunTest, RecordsWhatIsAskedWhenItIsAsked) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.evaluation.every_steps = 8;
  spec.evaluation.log_spaced = 4;  // steps 2 and 12
  spec.evaluation.batches = 1;
  spec.evaluation.final_batches = 0;
  spec.evaluation.metrics = spec::ValidationMetrics::kAll;
  const auto run = Train(spec, {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  EXPECT_EQ(Column(*run, "val_accuracy").size(), 3u);
  EXPECT_EQ(Column(*run, "val_loss").back(), run->result.final.at("val_loss"));
  for (const char* key : {"val_accuracy", "val_perplexity_batch_mean", "val_perplexity_truncated_e",
                          "val_perplexity_sequence_mean"})
    EXPECT_GT(run->result.final.at(key), 0) << key;

  // The last validation is that of a run without `batches`.
  spec.evaluation = {};
  const auto whole = Train(spec, {});
  EXPECT_EQ(whole->result.final.at("val_loss"), run->result.final.at("val_loss"));
  EXPECT_EQ(whole->result.final.count("val_accuracy"), 0u);
}

}  // namespace
}  // namespace optfleet::trainer
