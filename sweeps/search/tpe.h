// Tree-structured Parzen estimator (Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS
// 2011): of what was tried the best part and the rest each get a density (sweeps/search/parzen.h); of some
// points drawn from that of the best part, the one where it is highest against the other is tried next.
//
// One density over all dimensions, so that what goes well together is found together: with one for each by
// itself (the paper's) the best of 80 points was twice as far from the optimum (docs/search.md).
//
// Settings as Optuna 5's TPESampler has them by default, but: the first points are those of a Sobol sequence;
// a point that failed counts, as worst, and is never in the best part; what runs counts among the rest, so
// that slots that ask at the same moment get points far apart. In a space of whole numbers and choices what
// was tried is passed over, since equal points are one job.
//
// Pure: the same history, seed and number give the same point on every machine whose exp, log and erfc do.
#pragma once

#include "sweeps/search/proposer.h"

namespace optfleet::sweeps {

struct TpePlan {
  int32_t startup = 10;  // until so many have ended points are as by kSobol (kRandom beyond its dimensions)
  int32_t candidates = 24;  // points drawn for each that is proposed
};

// As Proposer::Propose. Cost: O(history * candidates * dimensions).
Point ProposeTpe(const TpePlan& plan, const Space& space, int32_t seed, int32_t number,
                 const History& history);

}  // namespace optfleet::sweeps
