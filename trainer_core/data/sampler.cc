#include "trainer_core/data/sampler.h"

#include <optional>

#include "trainer_core/data/permutation.h"

namespace optfleet::trainer {
namespace {

__extension__ using Wide = unsigned __int128;

// The permutation of the epoch that was asked for last, since neighbours share it.
class EpochOrder {
 public:
  EpochOrder(int64_t chunks, uint64_t seed) : chunks_(chunks), seed_(seed) {}

  int64_t ChunkOf(int64_t number) {
    const int64_t epoch = number / chunks_;
    if (!order_ || epoch != epoch_) {
      order_.emplace(static_cast<uint64_t>(chunks_), MixBits(seed_) ^ static_cast<uint64_t>(epoch));
      epoch_ = epoch;
    }
    return static_cast<int64_t>(order_->At(static_cast<uint64_t>(number % chunks_)));
  }

 private:
  int64_t chunks_;
  uint64_t seed_;
  int64_t epoch_ = -1;
  std::optional<Permutation> order_;
};

// The upper half of a product maps a draw of 64 bits onto 0 .. choices-1; with fewer than 2^40 choices no
// two differ in probability by more than 2^-24 of it.
int64_t WindowOf(int64_t number, uint64_t seed, int64_t choices) {
  const uint64_t draw = MixBits(MixBits(seed) + MixBits(static_cast<uint64_t>(number)));
  return static_cast<int64_t>((static_cast<Wide>(draw) * static_cast<uint64_t>(choices)) >> 64);
}

}  // namespace

Result<Sampler> Sampler::Create(int64_t tokens, int64_t sequence_length, int64_t seed,
                                spec::DataOrder order) {
  if (CountSequences(tokens, sequence_length) < 1) {
    return Fail(Code::kFailedPrecondition,
                "the training part of data.path has " + std::to_string(tokens) +
                    " tokens, fewer than one sequence of data.sequence_length " +
                    std::to_string(sequence_length) +
                    " and its last target; use a longer file or a shorter sequence");
  }
  return Sampler(tokens, sequence_length, seed, order);
}

Sampler::Sampler(int64_t tokens, int64_t sequence_length, int64_t seed, spec::DataOrder order)
    : tokens_(tokens),
      chunks_(CountSequences(tokens, sequence_length)),
      sequence_length_(sequence_length),
      seed_(static_cast<uint64_t>(seed)),
      order_(order) {}

std::vector<int64_t> Sampler::Starts(int64_t position, int64_t count, RankShare share) const {
  std::vector<int64_t> starts;
  starts.reserve(static_cast<size_t>(count / share.ranks + 1));
  EpochOrder shuffled(chunks_, seed_);
  const int64_t behind = position % share.ranks;
  const int64_t first = position + (share.rank - behind + share.ranks) % share.ranks;
  for (int64_t number = first; number < position + count; number += share.ranks) {
    switch (order_) {
      case spec::DataOrder::kShuffled:
        starts.push_back(shuffled.ChunkOf(number) * sequence_length_);
        break;
      case spec::DataOrder::kSequential:
        starts.push_back(number % chunks_ * sequence_length_);
        break;
      case spec::DataOrder::kRandomWindows:
        starts.push_back(WindowOf(number, seed_, tokens_ - sequence_length_));
        break;
    }
  }
  return starts;
}

void FillSequences(const Tokens& part, std::span<const int64_t> starts, int64_t sequence_length,
                   std::span<int64_t> inputs, std::span<int64_t> targets) {
  const auto length = static_cast<size_t>(sequence_length);
  size_t at = 0;
  for (const int64_t start : starts) {
    part.CopyTo(start, inputs.subspan(at, length));
    part.CopyTo(start + 1, targets.subspan(at, length));
    at += length;
  }
}

}  // namespace optfleet::trainer
