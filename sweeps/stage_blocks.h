// The blocks of each stage of a sweep, with the jobs that it starts from in the place of the file's keys.
// Stages before it are expanded again for that: the same files give the same points. One thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "sweeps/compose.h"

namespace optfleet::sweeps {

class StageBlocks {
 public:
  // The composition must outlive it. `objective`: what jobs are compared by where a base names no metric.
  StageBlocks(const Composition& composition, Objective objective, Diagnostics* diagnostics);

  // What stages after the first start from, as Progress::bases; the stages behind them are not known yet.
  void SetBases(const std::vector<std::vector<std::string>>& bases);
  void AddBases(std::vector<std::string> hashes);  // of the next stage

  // Of a stage whose bases are known, and those of all stages before it.
  const std::vector<Block>& Of(size_t stage);

  // The jobs that `stage` starts from: of each group of its base the best, in the order in which the groups
  // appear; jobs that differ in their seed only are one, by their mean, and only if all of them have a value.
  // Empty if there is none, or if the stage has no base.
  std::vector<std::string> Choose(size_t stage, const ValueOf& value_of);

  // The points of a round, of a composition in rounds, from what the jobs of the rounds before it came to. A
  // point has failed if one of its jobs has no value.
  Round Propose(size_t round, const ValueOf& value_of);

  // As if the jobs that come first were the best.
  std::vector<std::string> StandIns(size_t stage);

 private:
  void AddTrials(size_t round, size_t block, const ValueOf& value_of, History* history);
  std::vector<Leaves> LeavesOf(size_t stage);

  const Composition& composition_;
  Objective objective_;
  Diagnostics* diagnostics_;
  std::vector<std::vector<std::string>> bases_;  // of the first stage: none
  std::map<size_t, std::vector<Block>> blocks_;
};

}  // namespace optfleet::sweeps
