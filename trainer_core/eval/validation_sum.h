// The figures of a validation from its sums. A batch is what the spec calls one; the last may be shorter.
// With full batches of equal sequences all perplexities agree but for rounding; each is what some study
// reports. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace optfleet::trainer {

struct Evaluation {
  double loss = 0;        // sum of the negative log-likelihoods / tokens, nats
  double perplexity = 0;  // exp(loss)
  // Sum of the negative log-likelihoods / (ln 2 x UTF-8 bytes); nothing where the data do not tell their
  // bytes.
  std::optional<double> bits_per_byte;
  int64_t tokens = 0;

  // Of evaluation.metrics all.
  struct Others {
    double accuracy = 0;                  // share of tokens that were the likeliest one
    double perplexity_batch_mean = 0;     // exp of the mean over batches of their means
    double perplexity_truncated_e = 0;    // 2.71828 to that mean
    double perplexity_sequence_mean = 0;  // exp of the mean over sequences of their means
  };
  std::optional<Others> others;
};

// As they are recorded: val_loss, val_perplexity, ...
std::vector<std::pair<std::string_view, double>> FiguresOf(const Evaluation& evaluation);

class ValidationSum {
 public:
  // `bytes_per_token`: of the text that the tokens stand for, on average; 1 where a token is a byte.
  ValidationSum(int64_t batch_size, int64_t sequence_length, std::optional<double> bytes_per_token)
      : batch_size_(batch_size), sequence_length_(sequence_length), bytes_per_token_(bytes_per_token) {}

  // Sequences that follow the last ones, all of one batch. `nll`: the sum over all their tokens.
  void Add(int64_t sequences, double nll);
  // The same with what the other figures need: the sum of each sequence, and how many of all their tokens
  // were the likeliest one.
  void Add(double nll, std::span<const double> nll_of_sequences, int64_t hits);

  // After at least one Add; all of one form.
  Evaluation Figures() const;

 private:
  Evaluation::Others OtherFigures() const;

  int64_t batch_size_;
  int64_t sequence_length_;
  std::optional<double> bytes_per_token_;
  int64_t sequences_ = 0;
  double nll_ = 0;
  std::vector<double> nll_of_batches_;
  std::optional<int64_t> hits_;
  double sum_of_sequence_means_ = 0;
};

}  // namespace optfleet::trainer
