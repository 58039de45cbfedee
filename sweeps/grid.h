// The points of one block: the product of its axes, the last axis fastest. Leaves that are linked (Leaf::zip)
// are one axis, in the place of the first.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "spec/resolve.h"
#include "spec/training_spec.h"
#include "sweeps/leaves.h"

namespace optfleet::sweeps {

// Walks the points of a block. The leaves must outlive it.
class Grid {
 public:
  struct Axis {
    std::vector<const Leaf*> leaves;  // with equally many values
    size_t at = 0;                    // of the current point: the index of its value
    size_t size() const { return leaves.front()->values.size(); }
  };

  // At the first point, settled. `slots`: of each job, among which budget.device_hours are shared.
  explicit Grid(const Leaves& leaves, int32_t slots = 1);

  // Number of points; nothing if more than `limit`.
  std::optional<int64_t> CountUpTo(int64_t limit) const;

  // The last one changes fastest.
  const std::vector<Axis>& axes() const { return axes_; }
  // The value of a leaf at the current point; null if none of the leaf's values is allowed.
  const LeafValue* ValueOf(const Leaf& leaf) const;
  // Goes to the next point; false behind the last one.
  bool Next();

  // The same in two parts, for a walk that knows some points already: the first only says which point is the
  // current one, the second applies and computes its values. What follows is of a point that was settled.
  bool Advance();
  void Settle();

  // The spec of the point, not resolved.
  const spec::TrainingSpec& spec() const { return spec_; }
  int32_t slots() const { return slots_; }
  // Whether some key is computed or has a condition.
  bool computes() const { return computes_; }
  // What could not be computed there; those keys have their defaults.
  const std::vector<spec::Problem>& problems() const { return problems_; }
  // Whether the point has one of the values of every leaf of one of these.
  bool IsExcludedBy(const std::vector<Leaves>& exclusions) const;
  // Whether the point is without the key, since its condition does not hold.
  bool IsAbsent(const Leaf& leaf) const;
  // Whether it differs from an earlier point only in keys that both are without.
  bool IsRepeat() const;

 private:
  Axis* LinkedAxis(const Leaf& leaf);  // null if it begins one
  void ApplyAll();
  void Compute();
  void Apply(const Axis& axis);
  void Apply(const Leaf& leaf);

  const Leaves& leaves_;
  const int32_t slots_;
  std::vector<Axis> axes_;
  size_t moved_from_ = 0;  // axes before it are as they were when it was settled
  spec::TrainingSpec spec_;
  bool computes_ = false;            // some key is computed or has a condition
  std::vector<const Leaf*> absent_;  // at the current point
  std::vector<spec::Problem> problems_;
};

}  // namespace optfleet::sweeps
