// Which tokens each training step sees. The training part is cut into chunks of sequence_length tokens that
// do not overlap (a sequence is a chunk and the one token behind it, the last target); each epoch visits
// every chunk once, in an order of its own.
//
// Pure and without state: sequence number p of a run (from 0) is chunk Permutation(chunks, (seed, epoch))[p
// mod chunks] of epoch p / chunks. A checkpoint therefore only needs p, and a step only p = (step - 1) x
// batch_size.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/result.h"

namespace optfleet::trainer {

// How many whole sequences a part holds: floor((bytes - 1) / sequence_length).
int64_t CountSequences(std::span<const uint8_t> part, int64_t sequence_length);

class Sampler {
 public:
  // FAILED_PRECONDITION if the part is shorter than one sequence and its last target. `part` must outlive the
  // sampler.
  static Result<Sampler> Create(std::span<const uint8_t> part, int64_t sequence_length, int64_t seed);

  // First byte, in the part, of `count` sequences from number `position` on; they may reach into the next
  // epoch.
  std::vector<int64_t> Starts(int64_t position, int64_t count) const;

  int64_t sequences_per_epoch() const { return chunks_; }

 private:
  Sampler(int64_t chunks, int64_t sequence_length, int64_t seed);

  int64_t chunks_;
  int64_t sequence_length_;
  uint64_t seed_;
};

// Copies the tokens of the sequences that begin at `starts`: inputs are bytes start .. start+T-1, targets are
// one byte further. Both spans hold starts.size() x T numbers.
void FillSequences(std::span<const uint8_t> part, std::span<const int64_t> starts, int64_t sequence_length,
                   std::span<int64_t> inputs, std::span<int64_t> targets);

}  // namespace optfleet::trainer
