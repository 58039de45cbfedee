// The models of the literature that have a name: values for the keys of `model`. Pure; usable from any
// thread.
#pragma once

#include <string_view>

#include "spec/model_spec.h"

namespace optfleet::spec {

// The key that names one. Setting it sets every key of `model`, so readers set it before any other.
inline constexpr std::string_view kPresetKey = "model.preset";

// Everything that is not said is a default. What each one is and where it comes from: docs/models.md.
ModelSpec ModelOfPreset(ModelPreset preset);

}  // namespace optfleet::spec
