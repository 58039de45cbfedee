#include "sweeps/replicates.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sweeps/header_value.h"

namespace optfleet::sweeps {

void ReadReplicates(const YamlEntry& entry, std::optional<Replicates>* replicates, Diagnostics* diagnostics) {
  if (!IsOneValue(entry, diagnostics)) return;
  const auto count = WholeNumber(entry, 1, kMostReplicates, diagnostics);
  if (count) *replicates = Replicates{*count, entry.key_position};
}

void AddReplicates(const Replicates& replicates, Leaves* leaves, Diagnostics* diagnostics) {
  const spec::Field& field = *spec::FindField(kSeedKey);
  const auto given =
      std::find_if(leaves->begin(), leaves->end(), [&](const Leaf& leaf) { return leaf.field == &field; });
  auto first = std::get<int64_t>(field.get(spec::TrainingSpec{}));
  if (given != leaves->end()) {
    if (given->is_axis)
      return diagnostics->Add(replicates.position,
                              "`replicates` and a list of `training.seed` are the same axis",
                              "keep one of them");
    if (given->values.empty()) return;  // reported
    if (given->values.front().computed != nullptr)
      return diagnostics->Add(given->values.front().position, "`replicates` needs a plain `training.seed`",
                              "write the first seed as a number");
    first = std::get<int64_t>(given->values.front().value);
    leaves->erase(given);
  }
  Leaf seeds{&field, replicates.position, /*is_axis=*/true, {}};
  for (int64_t seed = first; seed < first + replicates.count; ++seed) {
    if (!spec::IsAllowed(field, spec::Value(seed)))
      return diagnostics->Add(replicates.position, "`replicates` reaches seed " + std::to_string(seed) +
                                                       "; `training.seed` must be " +
                                                       spec::Expectation(field));
    seeds.values.push_back({std::to_string(seed), spec::Value(seed), replicates.position});
  }
  leaves->push_back(std::move(seeds));
}

}  // namespace optfleet::sweeps
