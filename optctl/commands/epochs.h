// Steps of jobs whose budget is in epochs, where their data lies on this machine: by a look at the heads of
// the files. A coordinator does not see the data, so for it these jobs have no number of steps before they
// run.
#pragma once

#include <string>
#include <vector>

#include "common/json.h"
#include "sweeps/expand.h"

namespace optfleet::commands {

// What does not fit into the epochs of a job's data.
struct EpochsProblem {
  std::string path;     // data.path
  std::string message;  // "job 3, `budget.epochs` 2 of 40 sequences: `schedule.warmup` 500 is more ..."
  std::string remedy;
};

bool AnyByEpochs(const sweeps::Expansion& expansion);
// The jobs whose budget is in epochs.
std::vector<sweeps::Job> JobsByEpochs(const sweeps::Expansion& expansion);

// Puts steps in the place of epochs. Jobs whose data cannot be read here keep their epochs.
std::vector<EpochsProblem> SetStepsOfEpochs(std::vector<sweeps::Job>* jobs);

// The sweep with steps where they are known.
sweeps::Expansion WithStepsOfEpochs(const sweeps::Expansion& expansion);

// Adds steps, tokens and work to the jobs of PlanJson(expansion) that are given in epochs; null where they
// are not known. `known`: WithStepsOfEpochs(expansion).
void AddStepsOfEpochs(const sweeps::Expansion& expansion, const sweeps::Expansion& known, Json* plan);

}  // namespace optfleet::commands
