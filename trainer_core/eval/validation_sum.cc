#include "trainer_core/eval/validation_sum.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace optfleet::trainer {
namespace {

constexpr double kTruncatedE = 2.71828;

}  // namespace

std::vector<std::pair<std::string_view, double>> FiguresOf(const Evaluation& evaluation) {
  std::vector<std::pair<std::string_view, double>> figures = {{"val_loss", evaluation.loss},
                                                              {"val_perplexity", evaluation.perplexity}};
  if (evaluation.bits_per_byte.has_value())
    figures.emplace_back("val_bits_per_byte", *evaluation.bits_per_byte);
  if (const auto& others = evaluation.others; others.has_value()) {
    figures.emplace_back("val_accuracy", others->accuracy);
    figures.emplace_back("val_perplexity_batch_mean", others->perplexity_batch_mean);
    figures.emplace_back("val_perplexity_truncated_e", others->perplexity_truncated_e);
    figures.emplace_back("val_perplexity_sequence_mean", others->perplexity_sequence_mean);
  }
  return figures;
}

void ValidationSum::Add(int64_t sequences, double nll) {
  if (sequences_ % batch_size_ == 0) nll_of_batches_.push_back(0);
  nll_of_batches_.back() += nll;
  nll_ += nll;
  sequences_ += sequences;
}

void ValidationSum::Add(double nll, std::span<const double> nll_of_sequences, int64_t hits) {
  Add(static_cast<int64_t>(nll_of_sequences.size()), nll);
  for (const double of_one : nll_of_sequences)
    sum_of_sequence_means_ += of_one / static_cast<double>(sequence_length_);
  hits_ = hits_.value_or(0) + hits;
}

Evaluation ValidationSum::Figures() const {
  Evaluation figures;
  figures.tokens = sequences_ * sequence_length_;
  figures.loss = nll_ / static_cast<double>(figures.tokens);
  figures.perplexity = std::exp(figures.loss);
  if (bytes_per_token_.has_value())
    figures.bits_per_byte = figures.loss / std::numbers::ln2 / *bytes_per_token_;
  if (hits_.has_value()) figures.others = OtherFigures();
  return figures;
}

Evaluation::Others ValidationSum::OtherFigures() const {
  double batch_means = 0;
  for (size_t i = 0; i < nll_of_batches_.size(); ++i) {
    const int64_t before = static_cast<int64_t>(i) * batch_size_;
    const int64_t tokens = std::min(batch_size_, sequences_ - before) * sequence_length_;
    batch_means += nll_of_batches_[i] / static_cast<double>(tokens);
  }
  const double mean = batch_means / static_cast<double>(nll_of_batches_.size());
  return {.accuracy = static_cast<double>(*hits_) / static_cast<double>(sequences_ * sequence_length_),
          .perplexity_batch_mean = std::exp(mean),
          .perplexity_truncated_e = std::pow(kTruncatedE, mean),
          .perplexity_sequence_mean = std::exp(sum_of_sequence_means_ / static_cast<double>(sequences_))};
}

}  // namespace optfleet::trainer
