// From the answers of a model to the figures of a task. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "trainer_core/eval/tasks/task.h"

namespace optfleet::trainer {

struct RequestScore {
  double log_likelihood = 0;  // nats: of the continuation after the context, its tokens summed
  bool greedy = true;         // each of its tokens was the likeliest one after those before it
};

// One score per request, in their order.
using ScoreRequests = std::function<Result<std::vector<RequestScore>>(std::span<const TokenRequest>)>;

struct TaskFigures {
  // word: acc, acc_stderr, perplexity. choice: acc, acc_stderr, acc_norm, acc_norm_stderr. rolling:
  // word_perplexity, byte_perplexity, bits_per_byte, token_perplexity. Standard errors are those of the mean
  // over documents, and left out for a single one.
  std::vector<std::pair<std::string_view, double>> figures;
  int64_t documents = 0;
  int64_t tokens = 0;  // predicted
  int64_t words = 0;   // rolling
  int64_t bytes = 0;
};

// `length`: of the longest input that the model takes. Errors are those of `score`.
Result<TaskFigures> RunTask(const TokenTask& task, int64_t length, const ScoreRequests& score);

}  // namespace optfleet::trainer
