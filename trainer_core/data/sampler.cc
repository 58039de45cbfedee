#include "trainer_core/data/sampler.h"

#include <optional>

#include "trainer_core/data/permutation.h"

namespace optfleet::trainer {

int64_t CountSequences(std::span<const uint8_t> part, int64_t sequence_length) {
  return part.empty() ? 0 : (static_cast<int64_t>(part.size()) - 1) / sequence_length;
}

Result<Sampler> Sampler::Create(std::span<const uint8_t> part, int64_t sequence_length, int64_t seed) {
  const int64_t chunks = CountSequences(part, sequence_length);
  if (chunks < 1) {
    return Fail(Code::kFailedPrecondition,
                "the training part of data.path has " + std::to_string(part.size()) +
                    " bytes, fewer than one sequence of data.sequence_length " +
                    std::to_string(sequence_length) +
                    " and its last target; use a longer file or a shorter sequence");
  }
  return Sampler(chunks, sequence_length, seed);
}

Sampler::Sampler(int64_t chunks, int64_t sequence_length, int64_t seed)
    : chunks_(chunks), sequence_length_(sequence_length), seed_(static_cast<uint64_t>(seed)) {}

std::vector<int64_t> Sampler::Starts(int64_t position, int64_t count) const {
  std::vector<int64_t> starts;
  starts.reserve(static_cast<size_t>(count));
  std::optional<Permutation> order;
  int64_t order_epoch = -1;
  for (int64_t number = position; number < position + count; ++number) {
    const int64_t epoch = number / chunks_;
    if (epoch != order_epoch) {
      order.emplace(static_cast<uint64_t>(chunks_), MixBits(seed_) ^ static_cast<uint64_t>(epoch));
      order_epoch = epoch;
    }
    const uint64_t chunk = order->At(static_cast<uint64_t>(number % chunks_));
    starts.push_back(static_cast<int64_t>(chunk) * sequence_length_);
  }
  return starts;
}

void FillSequences(std::span<const uint8_t> part, std::span<const int64_t> starts, int64_t sequence_length,
                   std::span<int64_t> inputs, std::span<int64_t> targets) {
  size_t at = 0;
  for (const int64_t start : starts) {
    for (int64_t i = 0; i < sequence_length; ++i, ++at) {
      inputs[at] = part[static_cast<size_t>(start + i)];
      targets[at] = part[static_cast<size_t>(start + i + 1)];
    }
  }
}

}  // namespace optfleet::trainer
