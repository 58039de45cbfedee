// What was worked out of specs, kept for the next that is equal in all that it depends on: neighbours in a
// grid mostly differ in a rate or a seed. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "spec/training_spec.h"

namespace optfleet::spec {

// The same for equal specs, and unlike for most that differ in an extent: layers, width, tokens of a step,
// budget, parts by name.
size_t ExtentsHash(const TrainingSpec& spec);

template <typename Value>
class KnownSpecs {
 public:
  // Nothing if no equal one is known. Good until the next Add.
  const Value* Find(const TrainingSpec& spec) const {
    const auto [from, to] = values_.equal_range(ExtentsHash(spec));
    for (auto at = from; at != to; ++at)
      if (at->second.first == spec) return &at->second.second;
    return nullptr;
  }

  const Value& Add(TrainingSpec spec, Value value) {
    const size_t hash = ExtentsHash(spec);
    // Grids with more than this in a row that has nothing in common hardly come back to it.
    if (values_.size() == kMost || values_.count(hash) == kMostAlike) values_.clear();
    return values_.emplace(hash, std::pair(std::move(spec), std::move(value)))->second.second;
  }

 private:
  static constexpr size_t kMost = 4096;      // some 2 KiB each
  static constexpr size_t kMostAlike = 256;  // of one hash, which are gone through one by one
  std::unordered_multimap<size_t, std::pair<TrainingSpec, Value>> values_;
};

}  // namespace optfleet::spec
