// What a failed attempt failed of, as far as its worker can tell. The numbers are those of
// optfleet.v1.FailureCause; the names are those of SQL and of reasons.
#pragma once

#include <optional>
#include <string_view>

namespace optfleet {

enum class FailureCause {
  kUnknown = 0,
  kUserError = 1,    // the spec or its data: the same again anywhere
  kCrashed = 2,      // the trainer left with an error, or died of a fault of its own
  kKilled = 3,       // by a person, another process, or the kernel when memory was short
  kDeviceFault = 4,  // the device, not the job
  kWorker = 5,       // the worker could not start it or lost its folder
};

// "unknown", "user_error", "crashed", "killed", "device_fault", "worker".
std::string_view FailureCauseName(FailureCause cause);
std::optional<FailureCause> FailureCauseFromName(std::string_view name);

}  // namespace optfleet
