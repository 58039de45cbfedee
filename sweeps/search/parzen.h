// Density of the points of a set: a mixture of one kernel around each, and a wide one over the whole range
// (the prior). The estimator of Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011,
// section 4, with the bandwidths, weights and clips that Optuna 4 has by default (Watanabe, arXiv 2304.11127,
// compares them).
//
//   density(x) = sum_k weight_k prod_d kernel_kd(x_d)
//   numbers:  a normal distribution around the point, cut at 0 and 1; a whole number has the mass of its part
//   choices:  (1 / kernels + [x is the choice of the point]) / (1 + choices / kernels)
//
// Pure, constant.
#pragma once

#include <cstdint>
#include <vector>

#include "sweeps/search/proposer.h"
#include "sweeps/search/random.h"

namespace optfleet::sweeps {

// How wide the kernels are: as far as the next point, for one dimension; or by their number, when several
// dimensions belong together (0.2 n^(-1 / (d + 4))).
enum class Bandwidth : uint8_t { kNeighbours, kNumber };

class Parzen {
 public:
  // Of these dimensions of the points, oldest first: the newest 25 weigh 1, older ones less and less.
  Parzen(const Space& space, const std::vector<size_t>& dimensions, const std::vector<const Point*>& points,
         Bandwidth bandwidth);

  // Coordinates of these dimensions only, in the order in which they were given.
  Point Draw(Draws* draws) const;
  // Of a point that Draw gave, here or in a mixture of the same dimensions; up to a factor that is the same
  // for all such mixtures.
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

  static Axis NumberAxis(const Dimension& dimension, const std::vector<double>& means,
                         double fixed_deviation);
  static Axis ChoiceAxis(const Dimension& dimension, const std::vector<double>& shares);
  double LogOf(const Axis& axis, const Kernel& kernel, double share) const;
  double DrawOf(const Axis& axis, const Kernel& kernel, Draws* draws) const;

  std::vector<Axis> axes_;
  std::vector<double> weights_;  // of the kernels; they add up to 1
};

}  // namespace optfleet::sweeps
