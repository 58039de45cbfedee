// Learning curves that are made up, to try a search before anything has been trained. They show how a search
// deals with a sweep of that shape, not what the sweep would find.
//
// Of a job, with u = step / steps of the longest job:
//   loss = 2 + sum over choices of c + sum over numbers of 4 w (place - optimum)^2
//          + 3 ((1 + 100 u)^-a - 101^-a)
// So at the end of the longest job the last line is 0, and a job with fewer steps ends higher. All that
// follows is drawn, evenly, by the seed:
//   c        0 to 0.3, for each value of each axis of choices
//   place    of a number between the least (0) and the most (1) of the jobs with equal choices; of its
//            logarithm where all of these are above 0
//   optimum  0.15 to 0.85, for each axis of numbers and each combination of choices: each optimizer has its
//            own rate
//   w        0.1 to 0.5, for each axis of numbers; an axis on which all jobs with equal choices have the
//            same number adds nothing
//   a        1/4 to 1, evenly in its logarithm, for each job: what falls late may end lower, so that curves
//            cross. Of the pairs of a grid of rates one in five stands the other way round after a tenth of
//            the steps and one in eight after a third; of the recorded curves of docs/search.md it is 29 %
//            and 10 %
// None diverges. There is no noise (WithNoise).
//
// Pure: the same jobs and seed give the same curves, as far as `log` and `pow` agree.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sweeps/search/replay.h"

namespace optfleet::sweeps {

struct SyntheticJob {
  std::vector<double> numbers;       // one for each axis of numbers
  std::vector<std::string> choices;  // one for each axis of choices
  int64_t steps = 0;
  std::vector<int64_t> validations;  // steps that have a value; the last one besides
  double seconds_per_step = 0;
};

struct SyntheticSpace {
  std::vector<std::string> number_keys;
  std::vector<std::string> choice_keys;
  std::vector<SyntheticJob> jobs;
};

// Where the jobs of a sweep end, for those of the space and for others: of a search it is not known before
// which points it tries. The place of a number on an axis is from the least to the most of the jobs of the
// space, and at most half as far outside; of a combination of choices that none of these has, as of the one
// that agrees with it in most of them.
class SyntheticLandscape {
 public:
  SyntheticLandscape(const SyntheticSpace& space, int32_t seed);  // the space outlives it
  ~SyntheticLandscape();
  Curve CurveOf(const SyntheticJob& job) const;

 private:
  class Ends;
  int32_t seed_;
  int64_t longest_ = 1;  // steps
  std::unique_ptr<const Ends> ends_;
};

// One for each job of the space.
std::vector<Curve> SyntheticCurves(const SyntheticSpace& space, int32_t seed);

}  // namespace optfleet::sweeps
