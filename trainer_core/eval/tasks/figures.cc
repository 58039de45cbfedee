#include "trainer_core/eval/tasks/figures.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace optfleet::trainer {
namespace {

using Scores = std::span<const RequestScore>;
using Figures = std::vector<std::pair<std::string_view, double>>;

// Requests of all documents one behind the other; those of document i are [begins[i], begins[i + 1]).
struct Flat {
  std::vector<TokenRequest> requests;
  std::vector<size_t> begins;

  Scores Of(Scores all, size_t document) const {
    return all.subspan(begins[document], begins[document + 1] - begins[document]);
  }
};

Flat Flatten(const TokenTask& task, int64_t length) {
  Flat flat;
  for (const TokenDocument& document : task.documents) {
    flat.begins.push_back(flat.requests.size());
    auto requests = task.measure == Measure::kRolling ? RollingWindows(document.tokens, task.prefix, length)
                                                      : document.requests;
    std::move(requests.begin(), requests.end(), std::back_inserter(flat.requests));
  }
  flat.begins.push_back(flat.requests.size());
  return flat;
}

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void AddMean(std::string_view name, std::string_view name_of_error, const std::vector<double>& values,
             Figures* figures) {
  const double mean = Mean(values);
  figures->emplace_back(name, mean);
  if (values.size() < 2) return;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto count = static_cast<double>(values.size());
  figures->emplace_back(name_of_error, std::sqrt(squares / (count - 1)) / std::sqrt(count));
}

Figures OfWords(Scores scores) {
  std::vector<double> hits, log_likelihoods;
  for (const RequestScore& score : scores) {
    hits.push_back(score.greedy ? 1 : 0);
    log_likelihoods.push_back(score.log_likelihood);
  }
  Figures figures;
  AddMean("acc", "acc_stderr", hits, &figures);
  figures.emplace_back("perplexity", std::exp(-Mean(log_likelihoods)));
  return figures;
}

// 1 if the first of the largest is the right one.
double Hit(const std::vector<double>& values, int64_t gold) {
  return std::max_element(values.begin(), values.end()) - values.begin() == gold ? 1 : 0;
}

Figures OfChoices(const TokenTask& task, const Flat& flat, Scores scores) {
  std::vector<double> hits, hits_by_length;
  for (size_t i = 0; i < task.documents.size(); ++i) {
    const DocumentFacts& facts = task.documents[i].facts;
    std::vector<double> plain, by_length;
    for (const RequestScore& score : flat.Of(scores, i)) {
      by_length.push_back(score.log_likelihood / facts.lengths[plain.size()]);
      plain.push_back(score.log_likelihood);
    }
    hits.push_back(Hit(plain, facts.gold));
    hits_by_length.push_back(Hit(by_length, facts.gold));
  }
  Figures figures;
  AddMean("acc", "acc_stderr", hits, &figures);
  AddMean("acc_norm", "acc_norm_stderr", hits_by_length, &figures);
  return figures;
}

Figures OfText(const TaskFigures& counts, Scores scores) {
  double nll = 0;
  for (const RequestScore& score : scores) nll -= score.log_likelihood;
  const auto per = [&](int64_t count) { return nll / static_cast<double>(count); };
  return {{"word_perplexity", std::exp(per(counts.words))},
          {"byte_perplexity", std::exp(per(counts.bytes))},
          {"bits_per_byte", per(counts.bytes) / std::numbers::ln2},
          {"token_perplexity", std::exp(per(counts.tokens))}};
}

}  // namespace

Result<TaskFigures> RunTask(const TokenTask& task, int64_t length, const ScoreRequests& score) {
  const Flat flat = Flatten(task, length);
  const auto scores = score(flat.requests);
  if (!scores.has_value()) return Fail(scores.error());
  TaskFigures result;
  result.documents = static_cast<int64_t>(task.documents.size());
  for (const TokenRequest& request : flat.requests)
    result.tokens += static_cast<int64_t>(request.continuation.size());
  for (const TokenDocument& document : task.documents) {
    result.words += document.facts.words;
    result.bytes += document.facts.bytes;
  }
  switch (task.measure) {
    case Measure::kWord:
      result.figures = OfWords(*scores);
      break;
    case Measure::kChoice:
      result.figures = OfChoices(task, flat, *scores);
      break;
    case Measure::kRolling:
      result.figures = OfText(result, *scores);
      break;
  }
  return result;
}

}  // namespace optfleet::trainer
