// What jobs of a sweep are compared by. Pure values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace optfleet::sweeps {

struct Objective {
  std::string metric = "val_loss";  // its key
  bool maximize = false;

  // Less is better. Everything that ranks jobs ranks them by this; people see the value.
  double CostOf(double value) const { return maximize ? -value : value; }

  friend bool operator==(const Objective&, const Objective&) = default;
};

// "val_loss", "tokens_per_second maximize"; `minimize` may be written, too.
std::optional<Objective> ParseObjective(std::string_view text);
std::string ToText(const Objective& objective);

}  // namespace optfleet::sweeps
