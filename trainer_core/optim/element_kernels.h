// Figures of a step for the arithmetic in trainer_core/rules: computed in fp64, rounded once.
#pragma once

#include <cmath>

#include "trainer_core/optim/rule.h"
#include "trainer_core/rules/element.h"

namespace optfleet::trainer {

inline float F(double x) { return static_cast<float>(x); }

// 1 - beta^t
inline double Correction(double beta, int64_t updates) {
  return 1 - std::pow(beta, static_cast<double>(updates));
}

// The bits of a tensor's numbers as the rules know them.
template <class Number>
Number* NumbersOf(const at::Tensor& tensor) {
  return static_cast<Number*>(tensor.mutable_data_ptr());
}

// Also of the 8-bit rules.
rules::Adam MakeAdam(const spec::OptimizerSpec& spec, const RuleStep& step);
rules::Lion MakeLion(const spec::OptimizerSpec& spec, const RuleStep& step);

}  // namespace optfleet::trainer
