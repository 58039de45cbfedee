// The keys of a point whose values are computed from others: ${20 * parameters()}. After all plain values are
// in the spec. What an expression refers to is looked up as follows:
//
//   a key that the point gives     its value; of one that is computed, computed first
//   another key                    what it comes to by default and by the keys that it follows from
//   parameters() and the like      of the resolved model, batch and length
//
// So nothing depends on the order of keys, and what goes in a circle is a mistake.
#pragma once

#include <vector>

#include "spec/resolve.h"
#include "sweeps/leaves.h"

namespace optfleet::sweeps {

class Grid;

// Sets the computed keys of the grid's current point in `spec`. What cannot be computed keeps its default and
// is added to the problems.
void FillComputed(const Leaves& leaves, const Grid& grid, spec::TrainingSpec* spec,
                  std::vector<spec::Problem>* problems);

// Keys whose conditions do not hold at the point that `spec` is of, with all keys given.
std::vector<const Leaf*> AbsentKeys(const Leaves& leaves, const Grid& grid, spec::TrainingSpec spec,
                                    std::vector<spec::Problem>* problems);

}  // namespace optfleet::sweeps
