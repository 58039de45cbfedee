// The curves by which a learning rate goes from one value to another. Pure; usable from any thread.
#pragma once

#include "spec/training_spec.h"

namespace optfleet::spec {

// At x in [0, 1] of the way, exactly `from` at 0 and `to` at 1 and in between:
//   exponential    from (to/from)^x, both above 0
//   any other      to + (from - to) g(x):
//     linear         1 - x                   cosine   (1 + cos(pi x)) / 2
//     mirror_cosine  2 (1 - x) - cosine      square   1 - x^2      sqrt   1 - sqrt(x)
double Between(DecayShape shape, double from, double to, double x);

}  // namespace optfleet::spec
