// Density of the points of a set: a mixture of one kernel around each, and a wide one over the whole range
// (the prior). The estimator of Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011,
// section 4, with the bandwidths, weights and clips that Optuna 5 has by default (Watanabe, arXiv 2304.11127,
// compares them).
//
//   density(x) = sum_k weight_k prod_d kernel_kd(x_d)
//   numbers:  a normal distribution around the point, cut at 0 and 1, as wide as its farther neighbour is
//   far;
//             a whole number has the mass of its part
//   choices:  (1 / kernels + [x is the choice of the point]) / (1 + choices / kernels)
//
// Pure, constant.
#pragma once

#include <cstdint>
#include <vector>

#include "sweeps/search/proposer.h"
#include "sweeps/search/random.h"

namespace optfleet::sweeps {

class Parzen {
 public:
  // Points oldest first: the newest 25 weigh 1, older ones less and less.
  Parzen(const Space& space, const std::vector<const Point*>& points);

  Point Draw(Draws* draws) const;
  // Over whole numbers and choices it is a probability.
  double LogDensity(const Point& point) const;

 private:
  struct Kernel {
    double mean = 0;
    double deviation = 1;
    double mass = 1;      // between 0 and 1
    int32_t choice = -1;  // none: the prior
  };
  struct Axis {
    Dimension::Kind kind = Dimension::Kind::kContinuous;
    int32_t count = 0;
    std::vector<Kernel> kernels;  // one for each point, then the prior
  };

  static Axis NumberAxis(const Dimension& dimension, const std::vector<double>& means);
  static Axis ChoiceAxis(const Dimension& dimension, const std::vector<double>& shares);
  double LogOf(const Axis& axis, const Kernel& kernel, double share) const;
  double DrawOf(const Axis& axis, const Kernel& kernel, Draws* draws) const;

  std::vector<Axis> axes_;
  std::vector<double> weights_;  // of the kernels; they add up to 1
};

}  // namespace optfleet::sweeps
