// Names as people type them on the command line: quickstart, quickstart/17, quickstart/17/2, or the full
// resource name. Pure.
#pragma once

#include <string>
#include <variant>

#include "common/names.h"
#include "common/result.h"

namespace optfleet::commands {

struct SweepArgument {
  std::string id;
};
using ResourceArgument = std::variant<SweepArgument, JobName, AttemptName>;

// INVALID_ARGUMENT with the accepted forms.
Result<ResourceArgument> ParseResource(const std::string& text);

// As above, but only the one kind.
Result<std::string> SweepNamed(const std::string& text);  // -> "sweeps/quickstart"
Result<JobName> JobNamed(const std::string& text);
Result<AttemptName> AttemptNamed(const std::string& text);
Result<CheckpointName> CheckpointNamed(const std::string& text);  // quickstart/17/2/100
Result<std::string> WorkerNamed(const std::string& text);         // -> "workers/gpu01"

// "quickstart/17/2" of "sweeps/quickstart/jobs/17/attempts/2": what tables show and every command takes.
std::string ShortResource(const std::string& resource);

}  // namespace optfleet::commands
