#include "spec/decay_shape.h"

#include <cmath>
#include <numbers>

namespace optfleet::spec {
namespace {

// g(x) of the header.
double Remaining(DecayShape shape, double x) {
  const double cosine = 0.5 * (1.0 + std::cos(std::numbers::pi * x));
  switch (shape) {
    case DecayShape::kCosine:
      return cosine;
    case DecayShape::kMirrorCosine:
      return 2.0 * (1.0 - x) - cosine;
    case DecayShape::kSquare:
      return 1.0 - x * x;
    case DecayShape::kSqrt:
      return 1.0 - std::sqrt(x);
    case DecayShape::kLinear:
    case DecayShape::kExponential:
      break;
  }
  return 1.0 - x;
}

}  // namespace

double Between(DecayShape shape, double from, double to, double x) {
  if (x <= 0) return from;
  if (x >= 1) return to;
  if (shape == DecayShape::kLinear) return from + (to - from) * x;  // the same, with one rounding less
  if (shape == DecayShape::kExponential) return from * std::pow(to / from, x);
  return to + (from - to) * Remaining(shape, x);
}

}  // namespace optfleet::spec
