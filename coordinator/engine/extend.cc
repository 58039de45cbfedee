// A sweep is extended by new points.
#include "coordinator/engine/extension.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "coordinator/engine/add_jobs.h"
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/kept.h"
#include "coordinator/engine/requests.h"
#include "coordinator/engine/rungs.h"
#include "coordinator/engine/totals.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

std::string HashOf(const ExtendSweep& input) {
  return ContentHash({"extend_sweep", input.sweep_id, input.content_hash});
}

// A stage that has begun is what its jobs came from.
bool BeginsAlike(const domain::Stages& had, const std::vector<domain::Stage>& now) {
  const auto same = [](const domain::Stage& a, const domain::Stage& b) {
    return a.name == b.name && a.base == b.base && a.round == b.round;
  };
  const auto begun = static_cast<size_t>(had.begun);
  return now.size() >= begun &&
         std::equal(now.begin(), now.begin() + had.begun, had.all.begin(), had.all.begin() + had.begun, same);
}

Status CheckStages(const domain::Sweep& row, const ExtendSweep& input) {
  const bool has_stages = !row.stages.all.empty();
  const bool asks_for_stages = input.stage || input.stages;
  if (has_stages && !asks_for_stages)
    return Fail(Code::kFailedPrecondition,
                SweepResource(row.id) +
                    " has stages, and the file has none; submit it as a sweep of its own, with --reuse for "
                    "what is trained already");
  if (!has_stages && asks_for_stages)
    return Fail(Code::kFailedPrecondition,
                SweepResource(row.id) +
                    " has no stages, and the file has some; submit it as a sweep of its own, with --reuse "
                    "for what is trained already");
  if (input.stages && !BeginsAlike(row.stages, *input.stages))
    return Fail(Code::kFailedPrecondition,
                "the stages of " + SweepResource(row.id) +
                    " that have begun are no longer the first ones of the file; only those behind them may "
                    "be other ones");
  return {};
}

// What may be wrong with it before any of its points is looked at.
Status Check(const State& state, const domain::Sweep& row, const ExtendSweep& input) {
  if (state.extending.contains(row.id)) {
    return Fail(Code::kAborted,
                SweepResource(row.id) + " is being extended by another call; repeat this one afterwards");
  }
  if (row.revision != input.revision) return Fail(HasChanged(row.id));
  OPTFLEET_RETURN_IF_ERROR(CheckFits(row, input));
  if (input.stage && (input.stage->number != row.stages.begun + 1 || !row.stages.has_next()))
    return Fail(HasChanged(row.id));
  return {};
}

Error CancelledMeanwhile(const std::string& sweep) {
  return Error(Code::kFailedPrecondition,
               SweepResource(sweep) + " was cancelled while it was being extended; nothing was added");
}

std::vector<int32_t> NumbersBehind(int32_t last, int32_t count) {
  std::vector<int32_t> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), last + 1);
  return numbers;
}

// ", from job 7", ", from jobs 1, 4".
std::string FromText(const std::vector<int32_t>& jobs) {
  std::string text;
  for (const int32_t job : jobs) text += (text.empty() ? "" : ", ") + std::to_string(job);
  return text.empty() ? "" : (jobs.size() == 1 ? ", from job " : ", from jobs ") + text;
}

// "seeds, final are still to begin".
std::string ToBeginText(const domain::Stages& stages) {
  const auto begun = static_cast<size_t>(stages.begun);
  std::string text;
  for (size_t i = begun; i < stages.all.size(); ++i)
    text += (text.empty() ? "" : ", ") + stages.all[i].Title();
  if (text.empty()) return "no stage is still to begin";
  return text + (begun + 1 == stages.all.size() ? " is" : " are") + " still to begin";
}

void PutStages(std::vector<domain::Stage> all, domain::Stages* stages) {
  for (size_t i = 0; i < static_cast<size_t>(stages->begun); ++i) all[i] = std::move(stages->all[i]);
  stages->all = std::move(all);
}

// The sweep is what `head` says, with `count` jobs more, which are queued already or took an outcome over.
Answer Extended(State* state, LiveSweep* sweep, const ExtendSweep& head, int32_t count,
                const ReusedJobs& reused, const std::string& hash) {
  domain::Sweep& row = sweep->row;
  SweepAnswer answer{row.id, false, NumbersBehind(row.job_count, count)};
  // Jobs of all rounds of a stage compete with each other, those of rounds that were asked for later too.
  const bool is_stage = head.stage && head.stage->points.empty();
  const bool adds_to_ended = row.state != domain::SweepState::kActive && !head.stages;
  if (is_stage || adds_to_ended) BeginCompetition(sweep);
  RememberRequest(state, head.request_id, hash, SubjectOf(row.id, answer.jobs));
  row.job_count += count;
  row.axes = head.axes;
  row.merged_points = head.merged_points;
  if (head.stages) PutStages(*head.stages, &row.stages);
  Reopen(state, sweep);
  CountReused(sweep, reused);
  const std::string jobs = JobsText(count, static_cast<int32_t>(reused.numbers.size()));
  if (head.stage) {
    domain::Stage& stage = row.stages.all[static_cast<size_t>(row.stages.begun++)];
    stage.from = head.stage->from;
    stage.points = head.stage->points;
    state->Say(SweepResource(row.id), "stage", stage.Title() + " begins with " + jobs + FromText(stage.from));
  } else if (head.stages) {
    state->Say(SweepResource(row.id), "extended", ToBeginText(row.stages));
  } else {
    state->Say(SweepResource(row.id), "extended", "by " + jobs);
  }
  EndIfDone(state, sweep);
  return answer;
}

}  // namespace

Error SameHash(const std::string& hash) {
  return Error(Code::kInvalidArgument, "two points of the sweep have the spec hash " + hash);
}

Status CheckFits(const domain::Sweep& row, const ExtendSweep& input) {
  OPTFLEET_RETURN_IF_ERROR(CheckStages(row, input));
  if (row.objective != input.objective) {
    return Fail(Code::kInvalidArgument, SweepResource(row.id) + " compares its jobs by " +
                                            ToText(row.objective) + ", the file by " +
                                            ToText(input.objective) + "; submit it as a sweep of its own");
  }
  return {};
}

Answer OnExtendSweep(State* state, ExtendSweep input) {
  const std::string hash = HashOf(input);
  const auto asked = AskedOfSweep(state, input.request_id, hash, input.sweep_id);
  if (!asked.has_value()) return asked.error();
  if (asked->earlier) return SweepAnswer{input.sweep_id, true, JobsOf(*asked->earlier)};
  LiveSweep& sweep = *asked->sweep;
  if (auto good = Check(*state, sweep.row, input); !good.has_value()) return good.error();
  if (auto good = CheckStarts(*state, input.points); !good.has_value()) return good.error();
  if (input.points.empty() && !input.stage && !input.stages) {
    RememberRequest(state, input.request_id, hash, SubjectOf(input.sweep_id, {}));
    return SweepAnswer{input.sweep_id};
  }
  Extension extension{.sweep = input.sweep_id,
                      .revision = sweep.row.revision + 1,
                      .source = input.source,
                      .jobs = {},
                      .parameters = input.parameters};
  const auto count = static_cast<int32_t>(input.points.size());
  ReusedJobs reused;
  AddJobs(state, std::move(input.points), {&sweep, sweep.row.job_count, &sweep.fresh, &state->queue, &reused},
          &extension.jobs);
  state->changes.extensions.push_back(std::move(extension));
  return Extended(state, &sweep, input, count, reused, hash);
}

Answer OnRefuseStage(State* state, const RefuseStage& input) {
  const auto found = state->sweeps.find(input.sweep_id);
  if (found == state->sweeps.end()) return NoSuch(SweepResource(input.sweep_id));
  LiveSweep& sweep = found->second;
  if (!state->due_stages.contains(input.sweep_id) || sweep.row.revision != input.revision)
    return HasChanged(input.sweep_id);
  const domain::Stage& next = sweep.row.stages.all[static_cast<size_t>(sweep.row.stages.begun)];
  sweep.row.stages.problem = "stage " + next.Title() + " cannot begin: " + input.reason;
  state->Say(SweepResource(input.sweep_id), "stage", sweep.row.stages.problem);
  EndIfDone(state, &sweep);
  return SweepAnswer{input.sweep_id};
}

Answer OnBeginExtension(State* state, const BeginExtension& input) {
  const ExtendSweep& head = input.extension;
  const std::string hash = HashOf(head);
  const auto asked = AskedOfSweep(state, head.request_id, hash, head.sweep_id);
  if (!asked.has_value()) return asked.error();
  if (asked->earlier) return SweepAnswer{head.sweep_id, true, JobsOf(*asked->earlier)};
  if (auto good = Check(*state, asked->sweep->row, head); !good.has_value()) return good.error();
  Extending& extending = state->extending[head.sweep_id];
  extending.part.request_id = head.request_id;
  extending.part.content_hash = hash;
  extending.head = head;
  extending.last_job = asked->sweep->row.job_count;
  return SweepAnswer{head.sweep_id};
}

Answer AddToExtension(State* state, AddPoints input) {
  Extending& extending = state->extending.at(input.sweep_id);
  if (extending.cancelled) return CancelledMeanwhile(input.sweep_id);
  for (const Point& point : input.points) {
    if (!extending.part.spec_hashes.insert(point.spec_hash).second) return SameHash(point.spec_hash);
  }
  if (auto good = CheckStarts(*state, input.points); !good.has_value()) return good.error();
  for (auto& [job, parameters] : input.parameters)
    state->changes.new_parameters.push_back({{input.sweep_id, job}, std::move(parameters)});
  const auto count = static_cast<int32_t>(input.points.size());
  AddJobs(state, std::move(input.points),
          {&state->sweeps.at(input.sweep_id), extending.last_job, &extending.fresh, &extending.part.queue,
           &extending.part.reused},
          &state->changes.new_jobs);
  extending.last_job += count;
  return SweepAnswer{input.sweep_id};
}

Answer FinishExtension(State* state, const FinishSweep& input) {
  const auto found = state->extending.find(input.sweep_id);
  Extending& extending = found->second;
  if (extending.cancelled) return CancelledMeanwhile(input.sweep_id);
  LiveSweep& sweep = state->sweeps.at(input.sweep_id);
  if (extending.last_job == sweep.row.job_count && !extending.head.stage && !extending.head.stages) {
    RememberRequest(state, extending.part.request_id, extending.part.content_hash,
                    SubjectOf(input.sweep_id, {}));
    state->extending.erase(found);
    return SweepAnswer{input.sweep_id};
  }
  extending.head.merged_points = input.merged_points;
  extending.fresh.ForEach([&](int32_t number, const JobKind& kind) { sweep.fresh.Add(number, kind); });
  state->queue.Take(&extending.part.queue);
  state->changes.extensions.push_back({.sweep = input.sweep_id,
                                       .revision = sweep.row.revision + 1,
                                       .source = extending.head.source,
                                       .jobs = {},
                                       .parameters = {}});
  Answer answer = Extended(state, &sweep, extending.head, extending.last_job - sweep.row.job_count,
                           extending.part.reused, extending.part.content_hash);
  state->extending.erase(found);
  return answer;
}

Answer AbandonExtension(State* state, const AbandonSweep& input) {
  Extending& extending = state->extending.at(input.sweep_id);
  const int32_t first = state->sweeps.at(input.sweep_id).row.job_count;
  extending.cancelled = true;  // nothing is added any more
  for (int32_t dropped = 0; dropped < kDropAtOnce && extending.last_job > first; ++dropped)
    state->Forget({input.sweep_id, extending.last_job--});
  state->changes.dropped_jobs.push_back({input.sweep_id, extending.last_job});
  if (extending.last_job == first) state->extending.erase(input.sweep_id);
  return SweepAnswer{input.sweep_id};
}

}  // namespace optfleet::engine
