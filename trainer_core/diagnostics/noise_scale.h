// Gradient noise scale (arXiv 1812.06162, appendix A.1) from gradients at two batch sizes b < B. Pure.
//   |G|^2 ~ (B |G_B|^2 - b |G_b|^2) / (B - b)       the true gradient's square
//   S     ~ (|G_b|^2 - |G_B|^2) / (1/b - 1/B)       the trace of the covariance of one sequence's gradient
//   B_simple = S / |G|^2, in the unit of b and B
// Each estimate alone is unbiased but noisy, and |G|^2 may come out negative; their ratio is biased. So both
// are averaged over steps first, numerator and denominator apart: a <- decay a + (1 - decay) x, from 0 (the
// correction of that start is the same in both and cancels).
#pragma once

#include <optional>

#include "common/json.h"
#include "common/result.h"

namespace optfleet::trainer {

class NoiseScale {
 public:
  struct Estimate {
    double gradient_square = 0;
    double trace = 0;
  };

  // 0 < small < large, 0 <= decay < 1.
  NoiseScale(double small, double large, double decay);

  // Squared 2-norms of the gradients of mean losses: that at `small` is a mean over such batches. Returns the
  // estimate of this step alone.
  Estimate Add(double small_square, double large_square);

  // B_simple; nothing before the first step and where the average of |G|^2 is not positive.
  std::optional<double> scale() const;

  Json State() const;
  Status Restore(const Json& state);  // DATA_LOSS if it is not from State()

 private:
  const double small_, large_, decay_;
  Estimate average_;
};

}  // namespace optfleet::trainer
