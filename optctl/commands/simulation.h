// What the search of a sweep would spend and find, in virtual time (sweeps/sweep_replay.h), on curves that
// are made up (sweeps/search/synthetic.h) or were recorded (sweeps/search/curve_table.h). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "sweeps/search/curve_table.h"
#include "sweeps/sweep_replay.h"

namespace optfleet::commands {

struct SimulationOptions {
  int32_t seeds = 20;
  int slots = 1;
  std::optional<double> throughput = {};  // tokens per second of one slot
};

// With the same curves and noise.
struct Comparison {
  sweeps::SweepOutcome search;
  // The same stages without rungs and rules, each job to its end, with points drawn at random where the
  // search proposes some: the grid.
  sweeps::SweepOutcome plain;

  // How far the job that is held for the best is above the best that either tried, as a part of that.
  std::optional<double> RegretOf(const sweeps::SweepOutcome& one) const;
};

struct Simulation {
  bool is_recorded = false;
  bool in_steps = false;  // a step counts as a second: nobody said how long one takes
  bool is_plain = false;  // there is no search: `plain` is the same as `search`
  bool proposes = false;  // `plain` draws at random
  int slots = 1;
  std::vector<int64_t> without_curve;  // numbers of first jobs that have none, which nothing here counts
  int64_t other_length = 0;            // first jobs whose recorded curve has not the steps of their budget
  int64_t steps = 0;                   // of each job; 0: they differ
  std::vector<int64_t> rungs;          // of each job; empty: they differ, or there are none
  bool lacks_values = false;           // rules stop jobs, but none has a value before its end
  std::vector<Comparison> runs;        // one for each seed, from 1
};

// `expansion` is that of `input`, whose later stages follow from what the simulated jobs come to. Without
// `recorded` curves are made up anew for each seed; of recorded ones only the noise is. INVALID_ARGUMENT
// where a budget in seconds or epochs leaves the steps open, where the recorded curves do not fit the jobs,
// and as ReplaySweep.
Result<Simulation> Simulate(const sweeps::SweepInput& input, const sweeps::Expansion& expansion,
                            const sweeps::CurveTable* recorded, const SimulationOptions& options);

}  // namespace optfleet::commands
