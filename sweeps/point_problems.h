// What keys promise each other and some points break: one diagnostic per rule and place, however many points
// break it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "spec/resolve.h"
#include "sweeps/document.h"
#include "sweeps/grid.h"

namespace optfleet::sweeps {

class PointProblems {
 public:
  // Says where in the grid a point is: "optimizer.name=adamw, training.micro_batch=24".
  using Describe = std::function<std::string()>;

  // A problem of the grid's current point, which is described if it is the first of its kind. One about a key
  // whose value was refused already is left out.
  void Add(const spec::Problem& problem, const Block& block, const Grid& grid, const Describe& describe);

  // `points`: all points of the sweep. `complete`: nothing was reported before; otherwise a missing key may
  // only be misspelled and is not reported once more.
  void Report(int64_t points, bool complete, Diagnostics* diagnostics) const;

 private:
  struct Kind {
    std::string rule;
    SourcePosition key_position;    // groups the points of a kind
    SourcePosition value_position;  // of its first point
    std::string message;
    std::string remedy;
    std::string first_point;
    int64_t points = 0;
  };
  std::vector<Kind> kinds_;
};

}  // namespace optfleet::sweeps
