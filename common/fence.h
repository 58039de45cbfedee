// The fence of an attempt: which coordinator database gave it out, and which try of its job it is. A report
// under an older fence than the job's current one is refused. Ordered: a restored database has a higher
// incarnation.
#pragma once

#include <compare>
#include <cstdint>

namespace optfleet {

struct Fence {
  int64_t incarnation = 0;
  int32_t attempt = 0;
  friend auto operator<=>(const Fence&, const Fence&) = default;
};

}  // namespace optfleet
