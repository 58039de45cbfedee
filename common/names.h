// The only place that writes or reads resource names: sweeps/lr/jobs/17/attempts/2, workers/gpu01 (AIP-122).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace optfleet {

struct JobName {
  std::string sweep;  // the sweep's id, "lr"
  int32_t job = 0;    // from 1, the point's place in the expansion
  friend auto operator<=>(const JobName&, const JobName&) = default;
};

struct AttemptName {
  JobName job;
  int32_t attempt = 0;  // from 1
  friend auto operator<=>(const AttemptName&, const AttemptName&) = default;
};

// A checkpoint by the step at which it was written. The first attempt of a job may have had a step that a
// later one has, too.
struct CheckpointName {
  AttemptName attempt;
  int64_t step = 0;
  friend auto operator<=>(const CheckpointName&, const CheckpointName&) = default;
};

std::string SweepResource(std::string_view sweep);    // "sweeps/lr"
std::string ToResource(const JobName& name);          // "sweeps/lr/jobs/17"
std::string ToResource(const AttemptName& name);      // "sweeps/lr/jobs/17/attempts/2"
std::string ToResource(const CheckpointName& name);   // "sweeps/lr/jobs/17/attempts/2/checkpoints/100"
std::string WorkerResource(std::string_view worker);  // "workers/gpu01"

// Each accepts exactly what its writer makes.
std::optional<std::string> ParseSweepResource(std::string_view resource);
std::optional<JobName> ParseJobResource(std::string_view resource);
std::optional<AttemptName> ParseAttemptResource(std::string_view resource);
std::optional<CheckpointName> ParseCheckpointResource(std::string_view resource);
std::optional<std::string> ParseWorkerResource(std::string_view resource);

// Ids: lower-case letters, digits and hyphens, begins with a letter, ends with a letter or digit, 1 to 63
// characters.
bool IsValidId(std::string_view id);
// The nearest valid id to any text: "My sweep.v2" -> "my-sweep-v2"; "sweep" if nothing is left.
std::string MakeId(std::string_view text);

// "zone=a": NAME=VALUE, each of letters, digits and ._-/ (not the equals sign), 1 to 63 characters.
bool IsLabel(std::string_view text);

}  // namespace optfleet
