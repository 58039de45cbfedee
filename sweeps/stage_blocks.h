// The blocks of each part of a sweep, a stage or a round of one (sweeps/compose.h), with the jobs that the
// stage starts from in the place of the file's keys. Parts before it are expanded again for that: the same
// files give the same points. One thread.
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

  // What parts after the first start from, as Progress::bases; the parts behind them are not known yet.
  void SetBases(const std::vector<std::vector<std::string>>& bases);
  void AddBases(std::vector<std::string> hashes);  // of the next part

  // Of a part whose bases are known, and those of all parts before it. A round that has not begun has no
  // points.
  const std::vector<Block>& Of(size_t part);

  // The jobs that the stage of `part` starts from: of each group of its base the best, in the order in which
  // the groups appear; jobs that differ in their seed only are one, by their mean, and only if all of them
  // have a value. Empty if there is none, or if the stage has no base.
  std::vector<std::string> Choose(size_t part, const ValueOf& value_of);

  // The points of a round that is not the first of its stage, from what the jobs of the rounds before it came
  // to. A point has failed if one of its jobs has no value.
  Round Propose(size_t part, const ValueOf& value_of);

  // As if the jobs that come first were the best.
  std::vector<std::string> StandIns(size_t part);

 private:
  void AddTrials(size_t part, size_t block, const ValueOf& value_of, History* history);
  std::vector<Leaves> LeavesOf(size_t part);
  std::vector<size_t> PartsOf(const StageBase& base) const;

  const Composition& composition_;
  Objective objective_;
  Diagnostics* diagnostics_;
  std::vector<std::vector<std::string>> bases_;  // of the first part, and of rounds: none
  std::map<size_t, std::vector<Block>> blocks_;
};

}  // namespace optfleet::sweeps
