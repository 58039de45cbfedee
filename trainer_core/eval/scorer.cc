#include "trainer_core/eval/scorer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "trainer_core/eval/token_scores.h"
#include "trainer_core/model/precision_scope.h"

namespace optfleet::trainer {

Scorer::Scorer(const Transformer& model, const spec::TrainingSpec& spec, at::Device device,
               ScorerOptions options)
    : model_(model),
      vocab_size_(spec.model.vocab_size),
      bf16_(spec.training.precision == spec::Precision::kBf16),
      softmax_(spec.training.softmax_precision),
      device_(device),
      options_(std::move(options)) {}

Status Scorer::Check(std::span<const TokenRequest> requests) const {
  for (size_t i = 0; i < requests.size(); ++i) {
    const TokenRequest& request = requests[i];
    if (request.continuation.empty())
      return Fail(Code::kInvalidArgument,
                  fmt::format("the continuation of request {} has no token of its own", i + 1));
    if (static_cast<int64_t>(request.continuation.size()) > options_.length)
      return Fail(Code::kInvalidArgument,
                  fmt::format("the continuation of request {} has {} tokens, the model takes {}", i + 1,
                              request.continuation.size(), options_.length));
    for (const auto* tokens : {&request.context, &request.continuation})
      for (const int32_t token : *tokens)
        if (token < 0 || token >= vocab_size_)
          return Fail(Code::kInvalidArgument,
                      fmt::format("request {} has token {}, `model.vocab_size` is {}: were the requests made "
                                  "for another tokenizer?",
                                  i + 1, token, vocab_size_));
  }
  return {};
}

Scorer::Row Scorer::MakeRow(const TokenRequest& request, size_t index) const {
  const auto& [context, continuation] = request;
  Row row;
  row.request = index;
  row.targets.assign(continuation.begin(), continuation.end());
  // The last token is only predicted; what does not fit is cut off in front.
  row.inputs.assign(context.begin(), context.end());
  row.inputs.insert(row.inputs.end(), continuation.begin(), continuation.end() - 1);
  const auto length = static_cast<size_t>(options_.length);
  if (row.inputs.size() > length)
    row.inputs.erase(row.inputs.begin(), row.inputs.end() - static_cast<std::ptrdiff_t>(length));
  return row;
}

Result<std::vector<RequestScore>> Scorer::Score(std::span<const TokenRequest> requests) const {
  OPTFLEET_RETURN_IF_ERROR(Check(requests));
  at::NoGradGuard no_grad;
  std::vector<RequestScore> scores(requests.size());
  std::vector<Row> rows;
  for (size_t i = 0; i < requests.size(); ++i) rows.push_back(MakeRow(requests[i], i));
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.inputs.size() > b.inputs.size(); });
  for (size_t first = 0; first < rows.size();) {
    const auto width = rows[first].inputs.size();
    const size_t fitting = std::max<size_t>(1, static_cast<size_t>(options_.batch_tokens) / width);
    const size_t count = std::min(fitting, rows.size() - first);
    ScoreBatch(std::span(rows).subspan(first, count), &scores);
    first += count;
    if (options_.on_batch) options_.on_batch(static_cast<int64_t>(first), static_cast<int64_t>(rows.size()));
  }
  return scores;
}

void Scorer::ScoreBatch(std::span<const Row> rows, std::vector<RequestScore>* scores) const {
  const auto width = static_cast<int64_t>(rows.front().inputs.size());
  at::Tensor inputs = at::zeros({static_cast<int64_t>(rows.size()), width}, at::kLong);
  std::vector<int64_t> places, targets;  // of the logits that predict a target
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const int64_t begin = static_cast<int64_t>(i) * width;
    std::copy(row.inputs.begin(), row.inputs.end(), inputs.mutable_data_ptr<int64_t>() + begin);
    const auto end = begin + static_cast<int64_t>(row.inputs.size());
    for (int64_t place = end - static_cast<int64_t>(row.targets.size()); place < end; ++place)
      places.push_back(place);
    targets.insert(targets.end(), row.targets.begin(), row.targets.end());
  }
  const PrecisionScope precision(device_.type(), bf16_);
  const at::Tensor logits = model_.Logits(inputs.to(device_), /*training=*/false);
  const TokenScores of_tokens = ScoreTokens(logits.index_select(0, at::tensor(places, at::kLong).to(device_)),
                                            at::tensor(targets, at::kLong).to(device_), softmax_);
  const at::Tensor nll = of_tokens.nll.to(at::kCPU, at::kDouble).contiguous();
  const at::Tensor greedy = of_tokens.greedy.to(at::kCPU).contiguous();
  const double* next_nll = nll.const_data_ptr<double>();
  const bool* next_greedy = greedy.const_data_ptr<bool>();
  for (const Row& row : rows) {
    RequestScore& score = (*scores)[row.request];
    for (size_t i = 0; i < row.targets.size(); ++i) {
      score.log_likelihood -= *next_nll++;
      score.greedy &= *next_greedy++;
    }
  }
}

}  // namespace optfleet::trainer
