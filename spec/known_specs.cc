#include "spec/known_specs.h"

#include <bit>
#include <functional>
#include <string>

namespace optfleet::spec {

size_t ExtentsHash(const TrainingSpec& spec) {
  uint64_t hash = 0;
  // By the multiplier of Knuth's multiplicative hashing, 2^64 over the golden ratio.
  const auto mix = [&hash](uint64_t value) {
    hash = (std::rotl(hash, 27) ^ value) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  };
  for (const int64_t extent :
       {spec.model.layers, spec.model.width, spec.model.heads, spec.model.mlp_width, spec.model.vocab_size,
        spec.data.sequence_length, spec.training.batch_size, spec.training.micro_batch,
        spec.training.recompute_every, spec.budget.steps, spec.evaluation.every_steps})
    mix(static_cast<uint64_t>(extent));
  mix(std::hash<double>()(spec.budget.seconds));
  mix(static_cast<uint64_t>(spec.training.precision));
  mix(static_cast<uint64_t>(spec.optimizer.name));
  return hash;
}

}  // namespace optfleet::spec
