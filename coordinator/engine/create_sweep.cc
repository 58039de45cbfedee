// A new sweep with all its jobs, or nothing.
#include <set>
#include <utility>

#include "coordinator/engine/handlers.h"
#include "coordinator/engine/requests.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

constexpr size_t kLongestId = 63;

std::string HashOf(const CreateSweep& input) {
  std::vector<std::string> parts = {"create_sweep",
                                    input.sweep_id,
                                    input.display_name,
                                    input.objective,
                                    input.source.working_folder,
                                    std::to_string(input.priority),
                                    std::to_string(input.max_running)};
  for (const domain::SourceFile& file : input.source.files) {
    parts.insert(parts.end(), {"file", file.path, file.text, file.folder});
  }
  for (const std::string& text : input.source.overrides) parts.insert(parts.end(), {"override", text});
  for (const auto& [key, value] : input.source.environment)
    parts.insert(parts.end(), {"environment", key, value});
  for (const Point& point : input.points)
    parts.insert(parts.end(), {"point", point.spec_hash, domain::ToText(point.resources)});
  return ContentHash(parts);
}

Status Check(const State& state, const CreateSweep& input) {
  if (!input.sweep_id.empty()) {
    if (!IsValidId(input.sweep_id)) {
      return Fail(Code::kInvalidArgument,
                  "sweep_id `" + input.sweep_id +
                      "` must be lower-case letters, digits and hyphens, begin with a "
                      "letter, and have 1 to 63 characters");
    }
    if (state.sweeps.contains(input.sweep_id)) {
      return Fail(Code::kAlreadyExists, SweepResource(input.sweep_id) + " exists; choose another sweep_id");
    }
  }
  if (input.points.empty()) return Fail(Code::kInvalidArgument, "the sweep has no points");
  std::set<std::string_view> hashes;
  for (const Point& point : input.points) {
    if (hashes.insert(point.spec_hash).second) continue;
    return Fail(Code::kInvalidArgument, "two points of the sweep have the spec hash " + point.spec_hash);
  }
  return {};
}

// The id of the display name, with -2, -3 and so on behind it if that is taken.
std::string FreeId(const State& state, const std::string& display_name) {
  const std::string base = MakeId(display_name);
  std::string id = base;
  for (int number = 2; state.sweeps.contains(id); ++number) {
    const std::string ending = "-" + std::to_string(number);
    id = base.substr(0, kLongestId - ending.size()) + ending;
  }
  return id;
}

domain::Sweep RowOf(const State& state, const CreateSweep& input, const std::string& id) {
  domain::Sweep row;
  row.id = id;
  row.display_name = input.display_name;
  row.state = domain::SweepState::kExpanding;
  row.axes = input.axes;
  row.objective = input.objective;
  row.job_count = static_cast<int32_t>(input.points.size());
  row.merged_points = input.merged_points;
  row.priority = input.priority;
  row.max_running = input.max_running;
  row.create_time = state.now;
  return row;
}

}  // namespace

void AddJobs(State* state, const std::vector<Point>& points, const std::string& sweep, int32_t last_number,
             std::vector<domain::JobDefinition>* added) {
  added->reserve(points.size());
  for (const Point& point : points) {
    LiveJob job;
    job.row.definition = {.name = {sweep, ++last_number},
                          .parameters = {},
                          .spec_json = {},
                          .spec_hash = {},
                          .total_steps = point.total_steps,
                          .resources = point.resources,
                          .create_time = state->now};
    domain::JobDefinition& whole = added->emplace_back(job.row.definition);
    whole.parameters = point.parameters;
    whole.spec_json = point.spec_json;
    whole.spec_hash = point.spec_hash;
    const JobName name = job.row.name();
    Enqueue(state, &state->jobs.emplace(name, std::move(job)).first->second);
  }
}

Answer OnCreateSweep(State* state, const CreateSweep& input) {
  const std::string hash = HashOf(input);
  const auto earlier = FindRequest(*state, input.request_id, hash);
  if (!earlier.has_value()) return earlier.error();
  if (earlier->has_value()) return SweepAnswer{*ParseSweepResource(**earlier)};
  if (auto good = Check(*state, input); !good.has_value()) return good.error();
  const std::string id = input.sweep_id.empty() ? FreeId(*state, input.display_name) : input.sweep_id;
  if (input.validate_only) return SweepAnswer{id};

  NewSweep sweep{.sweep = RowOf(*state, input, id), .source = input.source, .jobs = {}};
  // All jobs are written in the one transaction of this input, so the sweep is visible with all of them or
  // not at all.
  Move(&sweep.sweep.state, domain::SweepState::kActive);
  state->sweeps[id].row = sweep.sweep;
  AddJobs(state, input.points, id, 0, &sweep.jobs);
  state->Say(SweepResource(id), "created", std::to_string(sweep.jobs.size()) + " jobs");
  state->changes.new_sweeps.push_back(std::move(sweep));
  RememberRequest(state, input.request_id, hash, SweepResource(id));
  return SweepAnswer{id};
}

}  // namespace optfleet::engine
