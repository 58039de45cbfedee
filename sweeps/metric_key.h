// Keys of metrics, as names in metrics.log. Pure.
#pragma once

#include <string_view>

namespace optfleet::sweeps {

// "val_loss", "eval/loss.128": lower case, digits, _ / and a point, at most 63 bytes.
bool IsMetricKey(std::string_view text);

}  // namespace optfleet::sweeps
