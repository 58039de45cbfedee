// Tree-structured Parzen estimator (Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS
// 2011): of what was tried the best part and the rest each get a density (sweeps/search/parzen.h); of some
// points drawn from that of the best part, the one where it is highest against the other is tried next.
//
// Settings as in Optuna's TPESampler by default, but for three: points that failed count, as worst; what runs
// counts, as worst but for the best part (its constant_liar=True), so that slots that ask at the same moment
// get points far apart; and the best part never has a failed point.
//
// Pure: the same history, seed and number give the same point on every machine whose exp, log and erfc do.
#pragma once

#include "sweeps/search/proposer.h"

namespace optfleet::sweeps {

struct TpePlan {
  int32_t startup = 10;     // until so many have ended points are drawn as by SearchMethod::kRandom
  int32_t candidates = 24;  // points drawn for each that is proposed
  bool is_joint = false;    // one density over all dimensions instead of one for each by itself
};

// As Proposer::Propose. Cost: O(history * candidates * dimensions).
Point ProposeTpe(const TpePlan& plan, const Space& space, int32_t seed, int32_t number,
                 const History& history);

}  // namespace optfleet::sweeps
