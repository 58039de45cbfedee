#include "trainer_core/eval/scorer.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer_core/small_runs.h"

namespace optfleet::trainer {
namespace {

using testing::HasSubstr;

class ScorerTest : public testing::Test {
 protected:
  ScorerTest() {
    spec_.model.init_std = 0.3;
    model_ = std::make_unique<Transformer>(spec_, at::kCPU);
    model_->Initialize(3);
  }

  Result<std::vector<RequestScore>> Score(const std::vector<TokenRequest>& requests, int64_t batch_tokens) {
    return Scorer(*model_, spec_, at::kCPU, {.length = 16, .batch_tokens = batch_tokens}).Score(requests);
  }

  // Of a single sequence, without batches: log-softmax of each target.
  RequestScore Plainly(const TokenRequest& request) {
    at::NoGradGuard no_grad;
    std::vector<int64_t> tokens(request.context.begin(), request.context.end());
    tokens.insert(tokens.end(), request.continuation.begin(), request.continuation.end());
    if (tokens.size() > 17) tokens.erase(tokens.begin(), tokens.end() - 17);
    const at::Tensor all = at::tensor(tokens, at::kLong);
    const at::Tensor chances = at::log_softmax(model_->Logits(all.slice(0, 0, -1).unsqueeze(0), false), -1);
    RequestScore score;
    for (size_t i = tokens.size() - request.continuation.size(); i < tokens.size(); ++i) {
      const at::Tensor row = chances[static_cast<int64_t>(i) - 1];
      score.log_likelihood += row[tokens[i]].item<double>();
      score.greedy = score.greedy && row.argmax().item<int64_t>() == tokens[i];
    }
    return score;
  }

  int32_t GreedyAfter(const std::vector<int32_t>& context) {
    at::NoGradGuard no_grad;
    const std::vector<int64_t> tokens(context.begin(), context.end());
    return model_->Logits(at::tensor(tokens, at::kLong).unsqueeze(0), false)[-1].argmax().item<int32_t>();
  }

  TemporaryFolder folder_;
  spec::TrainingSpec spec_ = SmallSpec(folder_);
  std::unique_ptr<Transformer> model_;
};

// Requests of all lengths, in batches of one, some and all.
TEST_F(ScorerTest, BatchesChangeNoAnswer) {
  std::vector<TokenRequest> requests = {{{1}, {2}}, {{5, 6, 7, 8, 9}, {1, 2, 3}}, {{200}, {7, 7, 7, 7, 7}}};
  requests.push_back({{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, {15, 16, 17}});
  requests.push_back({{40, 41}, {GreedyAfter({40, 41})}});
  for (const int64_t batch_tokens : {1, 20, 4096}) {
    const auto scores = Score(requests, batch_tokens);
    ASSERT_TRUE(scores.has_value()) << scores.error().message();
    for (size_t i = 0; i < requests.size(); ++i) {
      const RequestScore plain = Plainly(requests[i]);
      EXPECT_NEAR((*scores)[i].log_likelihood, plain.log_likelihood, 1e-4) << i << " of " << batch_tokens;
      EXPECT_EQ((*scores)[i].greedy, plain.greedy) << i;
    }
    EXPECT_TRUE(scores->back().greedy);
    EXPECT_FALSE(scores->front().greedy);
  }
}

TEST_F(ScorerTest, LongContextsLoseTheirFront) {
  std::vector<int32_t> context(30, 7);
  context.front() = 99;
  std::vector<int32_t> cut(14, 7);  // with the continuation 17: 16 inputs and the last target
  const auto scores = Score({{context, {1, 2, 3}}, {cut, {1, 2, 3}}}, 4096);
  ASSERT_TRUE(scores.has_value()) << scores.error().message();
  EXPECT_NEAR((*scores)[0].log_likelihood, (*scores)[1].log_likelihood, 1e-5);
}

TEST_F(ScorerTest, WhatNoModelCanAnswerIsRefused) {
  const auto refusal = [&](const TokenRequest& request) {
    const auto scores = Score({{{1}, {2}}, request}, 4096);
    EXPECT_FALSE(scores.has_value());
    return scores.has_value() ? "" : scores.error().message();
  };
  EXPECT_THAT(refusal({{1}, std::vector<int32_t>(17, 2)}),
              HasSubstr("request 2 has 17 tokens, the model takes 16"));
  EXPECT_THAT(refusal({{1}, {256}}), HasSubstr("request 2 has token 256, `model.vocab_size` is 256"));
  EXPECT_THAT(refusal({{1}, {}}), HasSubstr("the continuation of request 2 has no token of its own"));
}

}  // namespace
}  // namespace optfleet::trainer
