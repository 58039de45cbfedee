// Where a stage of a sweep starts from: `best(batch, by val_loss, per optimizer.name)`. Pure.
//
//   best( [N of] STAGE [+ STAGE ...] [, by METRIC [minimize | maximize]] [, per KEY [, KEY ...]] )
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "spec/fields.h"
#include "sweeps/search/objective.h"

namespace optfleet::sweeps {

struct StageBase {
  int32_t count = 1;                    // so many of each group
  std::vector<std::string> stages;      // whose jobs compete, at least one
  std::optional<Objective> by;          // nothing: the objective of the sweep
  std::vector<const spec::Field*> per;  // jobs with equal values of these are a group; none: all are one
  std::string text;                     // as written
  SourcePosition position;
};

// Nothing if it cannot be read, which is reported with what is expected.
std::optional<StageBase> ParseStageBase(const std::string& text, const SourcePosition& position,
                                        Diagnostics* diagnostics);

}  // namespace optfleet::sweeps
