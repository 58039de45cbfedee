// How a running sweep looks on a screen: one line for the sweep, one for each running job. Pure: values and a
// width in, lines out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace optfleet::output {

struct RunningJob {
  std::string number;  // "17"
  std::string point;   // "adamw lr=3e-3 batch 16"
  int64_t step = 0;
  int64_t total_steps = 0;
  std::string loss;            // newest, as text; empty before the first record
  std::vector<double> losses;  // some newest ones, oldest first, for the small curve
  std::optional<double> seconds_left;
};

struct SweepProgress {
  std::string name;
  int job_count = 0;
  int ended = 0;
  double share = 0;                                 // of all steps, 0 to 1
  std::vector<std::pair<std::string, int>> counts;  // what is worth naming: running 2, diverged 1
  std::string best_figure;                          // "2.013"; empty while there is none
  std::string best_point;                           // "adamw lr=3e-3"
  std::optional<double> seconds_left;
  std::string notice;  // a sentence shown below, such as that the coordinator does not answer
  std::vector<RunningJob> running;
};

// One line for the sweep, at most `width` columns where that is possible: what matters least goes first where
// the room is short (the point of the best, then half of the bar, then the best).
std::string SweepLine(const SweepProgress& progress, int width);

// The whole frame, at most `height` lines; running jobs beyond that are counted.
std::vector<std::string> SweepFrame(const SweepProgress& progress, int width, int height, bool unicode);

}  // namespace optfleet::output
