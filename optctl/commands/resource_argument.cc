#include "optctl/commands/resource_argument.h"

#include <optional>

namespace optfleet::commands {
namespace {

// quickstart/17/2 -> sweeps/quickstart/jobs/17/attempts/2 and so on; anything else becomes a name that no
// parser takes.
std::string Written(const std::string& text) {
  std::string full = "sweeps/";
  int slashes = 0;
  for (const char c : text) {
    if (c != '/') {
      full += c;
    } else {
      ++slashes;
      full += slashes == 1 ? "/jobs/" : slashes == 2 ? "/attempts/" : "/checkpoints/";
    }
  }
  return full;
}

std::string Expected(const std::string& text, const char* what) {
  return "`" + text + "` is not the name of " + what;
}

}  // namespace

Result<ResourceArgument> ParseResource(const std::string& text) {
  for (const std::string& name : {text, Written(text)}) {
    if (const auto sweep = ParseSweepResource(name)) return SweepArgument{*sweep};
    if (const auto job = ParseJobResource(name)) return *job;
    if (const auto attempt = ParseAttemptResource(name)) return *attempt;
  }
  return Fail(Code::kInvalidArgument,
              Expected(text,
                       "a sweep, job or attempt; expected SWEEP, SWEEP/JOB or SWEEP/JOB/ATTEMPT, for example "
                       "quickstart/17"));
}

Result<std::string> SweepNamed(const std::string& text) {
  const auto argument = ParseResource(text);
  if (argument && std::holds_alternative<SweepArgument>(*argument)) {
    return SweepResource(std::get<SweepArgument>(*argument).id);
  }
  return Fail(Code::kInvalidArgument, Expected(text, "a sweep; expected SWEEP, for example quickstart"));
}

Result<JobName> JobNamed(const std::string& text) {
  const auto argument = ParseResource(text);
  if (argument && std::holds_alternative<JobName>(*argument)) return std::get<JobName>(*argument);
  return Fail(Code::kInvalidArgument, Expected(text, "a job; expected SWEEP/JOB, for example quickstart/17"));
}

Result<AttemptName> AttemptNamed(const std::string& text) {
  const auto argument = ParseResource(text);
  if (argument && std::holds_alternative<AttemptName>(*argument)) return std::get<AttemptName>(*argument);
  return Fail(Code::kInvalidArgument,
              Expected(text, "an attempt; expected SWEEP/JOB/ATTEMPT, for example quickstart/17/1"));
}

Result<CheckpointName> CheckpointNamed(const std::string& text) {
  for (const std::string& name : {text, Written(text)})
    if (auto checkpoint = ParseCheckpointResource(name)) return *std::move(checkpoint);
  return Fail(
      Code::kInvalidArgument,
      Expected(text, "a checkpoint; expected SWEEP/JOB/ATTEMPT/STEP, for example quickstart/17/1/2000"));
}

Result<std::string> WorkerNamed(const std::string& text) {
  if (ParseWorkerResource(text)) return text;
  if (IsValidId(text)) return WorkerResource(text);
  return Fail(Code::kInvalidArgument, Expected(text, "a worker; expected WORKER, for example gpu01"));
}

std::string ShortResource(const std::string& resource) {
  if (const auto sweep = ParseSweepResource(resource)) return *sweep;
  if (const auto worker = ParseWorkerResource(resource)) return *worker;
  if (const auto job = ParseJobResource(resource)) return job->sweep + "/" + std::to_string(job->job);
  if (const auto attempt = ParseAttemptResource(resource)) {
    return attempt->job.sweep + "/" + std::to_string(attempt->job.job) + "/" +
           std::to_string(attempt->attempt);
  }
  if (const auto checkpoint = ParseCheckpointResource(resource)) {
    return ShortResource(ToResource(checkpoint->attempt)) + "/" + std::to_string(checkpoint->step);
  }
  return resource;
}

}  // namespace optfleet::commands
