// What the search of a sweep would spend and find, in virtual time (sweeps/search/simulate.h), on curves that
// are made up (sweeps/search/synthetic.h) or were recorded (sweeps/search/curve_table.h). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "sweeps/expand.h"
#include "sweeps/search/curve_table.h"
#include "sweeps/search/simulate.h"
#include "sweeps/search/synthetic.h"

namespace optfleet::commands {

struct SimulationOptions {
  int32_t seeds = 20;
  int slots = 1;
  std::optional<double> throughput = {};  // tokens per second of one slot
};

struct Simulation {
  bool is_recorded = false;
  bool in_steps = false;  // a step counts as a second: nobody said how long one takes
  int slots = 1;
  int64_t jobs = 0;                      // that have a curve
  std::vector<int64_t> without_curve;    // numbers of the others, which nothing here counts
  int64_t other_length = 0;              // jobs whose recorded curve has not the steps of their budget
  int64_t steps = 0;                     // of each job; 0: they differ
  std::vector<int64_t> rungs;            // of each job; empty: they differ, or there are none
  std::vector<sweeps::Comparison> runs;  // one for each seed, from 1
};

// Of the jobs of the expansion, which with stages are those of its first stage. Without `recorded` curves are
// made up anew for each seed; of recorded ones only the noise is. INVALID_ARGUMENT where a budget in seconds
// leaves the steps open, and where the recorded curves do not fit the jobs.
Result<Simulation> Simulate(const sweeps::Expansion& expansion, const sweeps::CurveTable* recorded,
                            const SimulationOptions& options);

// The jobs as made-up curves see them. Numbers are axes whose values are numbers or lengths in steps; what
// stands under `budget` or `evaluation`, and the seeds, changes no curve but by its steps.
sweeps::SyntheticSpace SyntheticSpaceOf(const sweeps::Expansion& expansion);

// For each job its row of the table or nothing. A column is a key (`optimizer.learning_rate`), its last part
// (`learning_rate`) or the group of a name (`optimizer` for `optimizer.name`); a cell is empty where a job
// does not read the key. Each key that differs between the jobs must have one, but for seeds.
Result<std::vector<std::optional<size_t>>> RowsOf(const sweeps::Expansion& expansion,
                                                  const sweeps::CurveTable& table);

}  // namespace optfleet::commands
