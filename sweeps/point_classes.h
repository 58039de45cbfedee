// Classes of the points of a block: those of one class differ only in values on which nothing else depends
// (spec/influence.h), so what one of them resolves to, which rules it breaks and whether it is left out holds
// for all of them. One thread.
#pragma once

#include <cstddef>
#include <vector>

#include "sweeps/document.h"
#include "sweeps/grid.h"

namespace optfleet::sweeps {

class PointClasses {
 public:
  // A leaf whose values differ within a class.
  struct Free {
    const Leaf* leaf = nullptr;
    size_t axis = 0;  // of the grid
  };

  // `grid` walks the points of `block`. Both must outlive it.
  PointClasses(const Grid& grid, const Block& block);

  // Of the grid's current point: from 0, below count().
  size_t Current() const;
  size_t count() const { return count_; }
  const std::vector<Free>& free() const { return free_; }

 private:
  struct Axis {
    size_t index = 0;              // in the grid
    std::vector<size_t> class_of;  // of each of its values, times what the axes before it make
  };
  const Grid& grid_;
  std::vector<Axis> axes_;  // those with more than one class
  size_t count_ = 1;
  std::vector<Free> free_;
};

}  // namespace optfleet::sweeps
