// The loops of factored.h, one table of them per instruction set.
#pragma once

#include "trainer_core/rules/factored.h"

namespace optfleet::rules {

struct FactoredTable {
  void (*sum_squares_of_rows)(const float*, Matrix, const GradientTransform&, double*);
  void (*add_squares_of_columns)(const float*, Matrix, const GradientTransform&, double*);
  void (*update_momentum)(const FactoredMomentum&, const GradientTransform&, Matrix, const float*,
                          const float*, float*, const float*, float*);
  double (*sum_squares_of_update)(const GradientTransform&, Matrix, const float*, const float*, const float*);
  void (*apply_update)(float, float, const GradientTransform&, Matrix, const float*, const float*, float*,
                       const float*);
  double (*sum_squares)(const float*, int64_t);
};

namespace baseline {
extern const FactoredTable kFactored;
}
namespace avx2 {
extern const FactoredTable kFactored;
}
namespace avx512 {
extern const FactoredTable kFactored;
}

}  // namespace optfleet::rules
