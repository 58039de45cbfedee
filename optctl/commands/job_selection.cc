#include "optctl/commands/job_selection.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "common/text.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/wire_json.h"
#include "optctl/commands/wire_names.h"

namespace optfleet::commands {
namespace {

constexpr std::array<std::string_view, 12> kStates{"queued",        "assigned",  "running",  "paused",
                                                   "succeeded",     "failed",    "diverged", "out_of_memory",
                                                   "stopped_early", "cancelled", "lost",     "preempted"};

Status CheckStates(const JobSelection& selection) {
  for (const std::string& state : selection.states) {
    if (std::find(kStates.begin(), kStates.end(), state) != kStates.end()) continue;
    const auto near = NearestName(state, kStates);
    return Fail(Code::kInvalidArgument,
                "--state `" + state + "` is no state of a job" +
                    (near ? "; did you mean `" + std::string(*near) + "`?" : "; see `optctl get jobs`"));
  }
  return {};
}

struct AxisValue {
  std::string key;
  Json value;
};

Result<std::vector<AxisValue>> ReadWhere(const v1::Sweep& sweep, const JobSelection& selection) {
  std::vector<AxisValue> conditions;
  for (const std::string& text : selection.where) {
    const size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    const std::vector<std::string_view> axes(sweep.axes().begin(), sweep.axes().end());
    if (equals == std::string::npos)
      return Fail(Code::kInvalidArgument, "--where `" + text + "` must read KEY=VALUE");
    if (std::find(axes.begin(), axes.end(), key) == axes.end()) {
      std::string known;
      for (const std::string_view axis : axes) known += (known.empty() ? "" : ", ") + std::string(axis);
      const auto near = NearestName(key, axes);
      return Fail(Code::kInvalidArgument,
                  "`" + key + "` is no axis of " + sweep.name() +
                      (near ? "; did you mean `" + std::string(*near) + "`?" : "; it has " + known));
    }
    conditions.push_back({key, ScalarJson(text.substr(equals + 1))});
  }
  return conditions;
}

// Values are compared as what they mean: 1e-3 is 0.001.
bool Holds(const v1::Job& job, const AxisValue& condition) {
  return std::any_of(job.parameters().begin(), job.parameters().end(), [&](const v1::Parameter& parameter) {
    return parameter.key() == condition.key && ScalarJson(parameter.value()) == condition.value;
  });
}

}  // namespace

void AddSelection(CLI::App& command, JobSelection& selection) {
  command.add_option("--where", selection.where, "Only jobs with this value on an axis; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command
      .add_option("--state", selection.states,
                  "Only jobs in this state or with this outcome; may be repeated")
      ->type_name("STATE")
      ->delimiter(',')
      ->allow_extra_args(false);
}

Result<std::vector<int32_t>> SelectJobs(Client& client, const std::string& sweep,
                                        const JobSelection& selection) {
  OPTFLEET_RETURN_IF_ERROR(CheckStates(selection));
  auto found = client.GetSweep(sweep);
  if (!found) return Fail(std::move(found).error());
  auto conditions = ReadWhere(*found, selection);
  if (!conditions) return Fail(std::move(conditions).error());
  auto jobs = client.ListJobs(sweep);
  if (!jobs) return Fail(std::move(jobs).error());
  std::vector<int32_t> numbers;
  for (const v1::Job& job : *jobs) {
    const std::string state =
        job.state() == v1::Job::STATE_ENDED ? NameOf(job.outcome()) : NameOf(job.state());
    const auto& states = selection.states;
    if (!states.empty() && std::find(states.begin(), states.end(), state) == states.end()) continue;
    if (!std::all_of(conditions->begin(), conditions->end(),
                     [&](const AxisValue& condition) { return Holds(job, condition); }))
      continue;
    numbers.push_back(ParseJobResource(job.name())->job);
  }
  if (numbers.empty()) return Fail(Code::kNotFound, "no job of " + sweep + " matches");
  return numbers;
}

}  // namespace optfleet::commands
