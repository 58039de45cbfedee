// Which tokens each training step sees. The training part is cut into chunks of sequence_length tokens that
// do not overlap; a sequence is a chunk and the one token behind it, the last target. Sequence number p of a
// run, from 0, is, with n chunks in an epoch:
//   shuffled        chunk Permutation(n, (seed, epoch))[p mod n] of epoch p / n: each once an epoch
//   sequential      chunk p mod n
//   random_windows  the window that begins at a token drawn from (seed, p), any token where one fits; no
//   epochs
//
// Pure and without state: a checkpoint only needs p, and a step only p = (step - 1) x batch_size. With R
// ranks, rank r takes the numbers p with p mod R = r; the sequences of a step do not depend on R.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/result.h"
#include "spec/data/data_parts.h"
#include "spec/training_spec.h"

namespace optfleet::trainer {

using data::CountSequences;
using data::Tokens;

// One of `ranks` processes that share a run's sequences; rank from 0.
struct RankShare {
  int64_t rank = 0;
  int64_t ranks = 1;
};

class Sampler {
 public:
  // FAILED_PRECONDITION if a part of so many tokens is shorter than one sequence and its last target.
  static Result<Sampler> Create(int64_t tokens, int64_t sequence_length, int64_t seed,
                                spec::DataOrder order = spec::DataOrder::kShuffled);

  // First token, in the part, of the rank's sequences among the `count` from number `position` on; they may
  // reach into the next epoch.
  std::vector<int64_t> Starts(int64_t position, int64_t count, RankShare share = {}) const;

  int64_t sequences_per_epoch() const { return chunks_; }

 private:
  Sampler(int64_t tokens, int64_t sequence_length, int64_t seed, spec::DataOrder order);

  int64_t tokens_;
  int64_t chunks_;
  int64_t sequence_length_;
  uint64_t seed_;
  spec::DataOrder order_;
};

// Copies the tokens of the sequences that begin at `starts`: inputs are tokens start .. start+T-1, targets
// are one token further. Both spans hold starts.size() x T numbers.
void FillSequences(const Tokens& part, std::span<const int64_t> starts, int64_t sequence_length,
                   std::span<int64_t> inputs, std::span<int64_t> targets);

}  // namespace optfleet::trainer
