// What the rules are called in files, in the order of OptimizerKind.
#pragma once

#include <array>
#include <string_view>

#include "spec/optimizer_spec.h"

namespace optfleet::spec {

inline constexpr std::array<std::string_view, static_cast<size_t>(OptimizerKind::kNone) + 1> kOptimizerNames{
    "sgd",
    "ema_sgd",
    "adam",
    "adamw",
    "lion",
    "signum",
    "ademamix",
    "schedule_free_sgd",
    "schedule_free_adamw",
    "adafactor",
    "adafactor_momentum",
    "adalayer",
    "adalayer_rows",
    "adam_8bit",
    "adamw_8bit",
    "lion_8bit",
    "muon",
    "soap",
    "sophia",
    "adalayer_frozen",
    "adalayer_primed",
    "none"};

}  // namespace optfleet::spec
