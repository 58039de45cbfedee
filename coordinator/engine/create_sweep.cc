// A new sweep with all its jobs, or nothing.
#include <set>
#include <utility>

#include "coordinator/engine/add_jobs.h"
#include "coordinator/engine/extension.h"
#include "coordinator/engine/guards.h"
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/kept.h"
#include "coordinator/engine/requests.h"
#include "coordinator/engine/stopping.h"
#include "coordinator/engine/totals.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

constexpr size_t kLongestId = 63;

std::string HashOf(const CreateSweep& input) {
  std::vector<std::string> parts = {"create_sweep",
                                    input.sweep_id,
                                    input.display_name,
                                    ToText(input.objective),
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

Status CheckId(const State& state, const CreateSweep& input) {
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
  return {};
}

Status Check(const State& state, const CreateSweep& input) {
  OPTFLEET_RETURN_IF_ERROR(CheckId(state, input));
  if (input.points.empty()) return Fail(Code::kInvalidArgument, "the sweep has no points");
  std::set<std::string_view> hashes;
  for (const Point& point : input.points) {
    if (hashes.insert(point.spec_hash).second) continue;
    return Fail(SameHash(point.spec_hash));
  }
  return CheckStarts(state, input.points);
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
  row.keep = input.keep;
  row.search = input.search;
  row.stages = {.all = input.stages, .begun = input.stages.empty() ? 0 : 1, .problem = {}};
  row.incarnation = state.incarnation;
  row.create_time = state.now;
  return row;
}

// Its jobs are all there: from now on they may start, and whoever asks sees it.
void Activate(State* state, LiveSweep* sweep, const ReusedJobs& reused) {
  domain::Sweep& row = sweep->row;
  Move(&row.state, domain::SweepState::kActive);
  WatchIfActive(state, *sweep);
  GuardIfActive(state, *sweep);
  CountReused(sweep, reused);
  state->Say(SweepResource(row.id), "created", JobsText(row.job_count, row.reused_jobs));
  EndIfDone(state, sweep);
}

Error NotExpanding(const std::string& id) {
  return Error(Code::kNotFound, "there is no " + SweepResource(id) + " that is being expanded");
}

}  // namespace

Answer OnCreateSweep(State* state, CreateSweep input) {
  const std::string hash = HashOf(input);
  const auto earlier = FindRequest(*state, input.request_id, hash);
  if (!earlier.has_value()) return earlier.error();
  if (earlier->has_value()) return SweepAnswer{*ParseSweepResource(**earlier), true};
  if (auto good = Check(*state, input); !good.has_value()) return good.error();
  const std::string id = input.sweep_id.empty() ? FreeId(*state, input.display_name) : input.sweep_id;
  if (input.validate_only) return SweepAnswer{id};

  // All jobs are written in the one transaction of this input, so the sweep is visible with all of them or
  // not at all.
  LiveSweep& sweep = state->sweeps[id];
  sweep.row = RowOf(*state, input, id);
  if (input.search.halving) sweep.halving.emplace(input.search.halving->factor);
  BeginStopping(&sweep);
  std::vector<domain::JobDefinition> jobs;
  ReusedJobs reused;
  AddJobs(state, std::move(input.points), {&sweep, 0, &sweep.fresh, &state->queue, &reused}, &jobs);
  Activate(state, &sweep, reused);
  state->changes.new_sweeps.push_back({.sweep = sweep.row, .source = input.source, .jobs = std::move(jobs)});
  RememberRequest(state, input.request_id, hash, SweepResource(id));
  return SweepAnswer{id};
}

Answer OnBeginSweep(State* state, const BeginSweep& input) {
  const CreateSweep& head = input.sweep;
  const std::string hash = HashOf(head);
  const auto earlier = FindRequest(*state, head.request_id, hash);
  if (!earlier.has_value()) return earlier.error();
  if (earlier->has_value()) return SweepAnswer{*ParseSweepResource(**earlier), true};
  if (auto good = CheckId(*state, head); !good.has_value()) return good.error();
  const std::string id = head.sweep_id.empty() ? FreeId(*state, head.display_name) : head.sweep_id;
  if (head.validate_only) return SweepAnswer{id};
  const domain::Sweep row = RowOf(*state, head, id);
  LiveSweep& sweep = state->sweeps[id];
  sweep.row = row;
  if (row.search.halving) sweep.halving.emplace(row.search.halving->factor);
  BeginStopping(&sweep);
  state->expanding[id] = {
      .request_id = head.request_id, .content_hash = hash, .spec_hashes = {}, .queue = {}, .reused = {}};
  state->changes.new_sweeps.push_back({.sweep = row, .source = head.source, .jobs = {}});
  return SweepAnswer{id};
}

Answer OnAddPoints(State* state, AddPoints input) {
  if (state->extending.contains(input.sweep_id)) return AddToExtension(state, std::move(input));
  const auto found = state->expanding.find(input.sweep_id);
  if (found == state->expanding.end()) return NotExpanding(input.sweep_id);
  Expanding& expanding = found->second;
  for (const Point& point : input.points) {
    if (!expanding.spec_hashes.insert(point.spec_hash).second) return SameHash(point.spec_hash);
  }
  if (auto good = CheckStarts(*state, input.points); !good.has_value()) return good.error();
  LiveSweep& sweep = state->sweeps.at(input.sweep_id);
  const auto count = static_cast<int32_t>(input.points.size());
  AddJobs(state, std::move(input.points),
          {&sweep, sweep.row.job_count, &sweep.fresh, &expanding.queue, &expanding.reused},
          &state->changes.new_jobs);
  sweep.row.job_count += count;
  return SweepAnswer{input.sweep_id};
}

Answer OnFinishSweep(State* state, const FinishSweep& input) {
  if (state->extending.contains(input.sweep_id)) return FinishExtension(state, input);
  const auto found = state->expanding.find(input.sweep_id);
  if (found == state->expanding.end()) return NotExpanding(input.sweep_id);
  domain::Sweep& row = state->sweeps.at(input.sweep_id).row;
  if (row.job_count == 0) return Error(Code::kInvalidArgument, "the sweep has no points");
  row.merged_points = input.merged_points;
  Activate(state, &state->sweeps.at(input.sweep_id), found->second.reused);
  state->queue.Take(&found->second.queue);
  state->plan_is_stale = true;
  state->touched.sweeps.insert(row.id);
  RememberRequest(state, found->second.request_id, found->second.content_hash, SweepResource(row.id));
  state->expanding.erase(found);
  return SweepAnswer{input.sweep_id};
}

Answer OnAbandonSweep(State* state, const AbandonSweep& input) {
  if (state->extending.contains(input.sweep_id)) return AbandonExtension(state, input);
  const auto found = state->expanding.find(input.sweep_id);
  if (found == state->expanding.end()) return NotExpanding(input.sweep_id);
  LiveSweep& sweep = state->sweeps.at(input.sweep_id);
  domain::Sweep& row = sweep.row;
  for (int32_t dropped = 0; dropped < kDropAtOnce && row.job_count > 0; ++dropped) {
    const int32_t number = row.job_count--;
    if (sweep.fresh.Find(number) != nullptr) sweep.fresh.Remove(number);
    found->second.reused.numbers.erase(number);
    state->Forget({row.id, number});
  }
  state->changes.dropped_jobs.push_back({row.id, row.job_count});
  if (row.job_count == 0) {
    state->expanding.erase(found);
    state->sweeps.erase(input.sweep_id);
  }
  return SweepAnswer{input.sweep_id};
}

}  // namespace optfleet::engine
