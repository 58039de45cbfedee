// The header key `stages`: parts of a sweep that run one after another.
//
//   stages:
//     - name: batch
//       optimizer.learning_rate: [1e-3, 3e-3]
//       training.batch_size: [8, 16]
//     - name: seeds
//       base: best(batch)
//       replicates: 3
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "common/yaml.h"
#include "sweeps/document.h"

namespace optfleet::sweeps {

inline constexpr std::string_view kStages =
    "stages";  // also the key that tells jobs of stages apart, `stage`
inline constexpr std::string_view kStageAxis = "stage";
inline constexpr size_t kMostStages = 100;

// What cannot be used is reported and left out.
void ReadStages(const YamlEntry& entry, const ReadContext& context,
                std::optional<std::vector<Stage>>* stages);

}  // namespace optfleet::sweeps
