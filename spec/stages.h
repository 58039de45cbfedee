// The stages of a schedule as a text:
//
//   linear 0 to 1 for 5% then constant 1 for 2M tokens then cosine 1 to 0.1 for rest
//
// Each stage has a shape (those of schedule.shape, or constant), its values as shares of the peak from 0 to
// 1, and a length; one stage may take the rest of the run. Pure; usable from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "spec/decay_shape.h"

namespace optfleet::spec {

inline constexpr std::string_view kStagesSeparator = " then ";

struct Stage {
  DecayShape shape = DecayShape::kLinear;  // of a constant: linear
  double from = 1;
  double to = 1;
  Length length;
  bool takes_rest = false;  // then length says nothing
};

// On error: what is wrong with which stage.
tl::expected<std::vector<Stage>, std::string> ParseStages(std::string_view text);

// What ParseStages reads back as the same stages.
std::string ToText(const std::vector<Stage>& stages);

// Gives every stage a whole number of steps, so that they add up to `run.steps` less `frozen` steps; whole
// stages end at rounded places, so that three thirds make one run. On error: what does not add up.
tl::expected<std::vector<Stage>, std::string> StagesInSteps(std::vector<Stage> stages, const RunMeasure& run,
                                                            int64_t frozen);

// The same for a run that ends by time: all lengths are shares and add up to 100 % less `frozen` %.
tl::expected<std::vector<Stage>, std::string> StagesInPercent(std::vector<Stage> stages, double frozen);

}  // namespace optfleet::spec
