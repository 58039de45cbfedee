#include "tests/coordinator/simulation/essence.h"

namespace optfleet::simulation {
namespace {

std::string LineOf(const engine::State& state, const domain::Job& job) {
  const domain::JobStatus& s = job.status;
  // Of a job that never ran only the database knows why it was queued again: a start makes it a fresh one.
  const std::string reason = s.attempt_count == 0 && s.state == domain::JobState::kQueued ? "" : s.reason;
  const auto& halving = state.sweeps.at(job.name().sweep).halving;
  std::string rungs;  // how it stands at each that it came to
  for (int32_t rung = 0; halving && rung <= s.rung; ++rung)
    rungs += " " + halving->RankText(job.name().job, rung, 0);
  return ToResource(job.name()) + ' ' + std::string(Name(s.state)) + rungs + ' ' + reason + ' ' + s.worker +
         ' ' + s.bound_worker + ' ' + std::to_string(s.failures) + ' ' + std::to_string(s.stop.has_value()) +
         ' ' + std::to_string(state.queue.Contains(job)) + '\n';
}

std::string AttemptsOf(const engine::LiveJob& job) {
  std::string text;
  for (const auto& [number, attempt] : job.attempts) {
    const domain::Attempt& row = attempt.row;
    text += "  " + std::to_string(number) + ' ' + std::string(Name(row.state)) + ' ' + row.worker + ' ' +
            row.reason + ' ' + std::to_string(row.parent) + ' ' + std::to_string(row.resume_record) + ' ' +
            std::to_string(row.checkpoint_step) + ' ' + std::to_string(row.record_limit) + ' ' +
            std::to_string(attempt.held_record) + ' ' + std::to_string(row.reported.has_value()) + '\n';
  }
  return text;
}

// A fresh job says the same as a live one to which nothing has happened: looking at it makes it one.
std::string JobsOf(const engine::State& state) {
  std::map<JobName, std::string> lines;
  for (const auto& [name, job] : state.jobs) lines[name] = LineOf(state, job.row) + AttemptsOf(job);
  for (const domain::Job& job : FreshJobsOf(state)) lines[job.name()] = LineOf(state, job);
  std::string text;
  for (const auto& [name, line] : lines) text += line;
  return text;
}

}  // namespace

std::vector<domain::Job> FreshJobsOf(const engine::State& state) {
  std::vector<domain::Job> jobs;
  for (const auto& [id, sweep] : state.sweeps) {
    sweep.fresh.ForEach([&, &id = id](int32_t number, const engine::JobKind& kind) {
      domain::Job& job = jobs.emplace_back();
      job.definition.name = {id, number};
      job.definition.total_steps = kind.total_steps;
      job.definition.resources = kind.resources;
      job.definition.create_time = kind.create_time;
    });
  }
  return jobs;
}

std::string EssenceOf(const engine::State& state) {
  std::string text;
  for (const auto& [id, sweep] : state.sweeps) {
    text += id + ' ' + std::string(Name(sweep.row.state)) + ' ' + std::to_string(sweep.ended.total()) + ' ' +
            std::to_string(sweep.ended_steps) + ' ' + std::to_string(sweep.ended.best_job.value_or(0)) + ' ' +
            std::to_string(sweep.paused) + ' ' + std::to_string(sweep.row.stages.begun) +
            (state.due_stages.contains(id) ? " due" : "") + (state.guarded.contains(id) ? " guarded " : " ") +
            std::to_string(sweep.slot_time.held());
    // What runs goes on costing.
    if (sweep.slot_time.held() == 0) text += ' ' + std::to_string(sweep.slot_time.Until(state.now));
    for (const auto& [objective, job] : sweep.best) text += ' ' + std::to_string(job);
    text += '\n';
  }
  text += JobsOf(state);
  for (const auto& [id, worker] : state.workers) {
    text += id + ' ' + std::string(Name(worker.row.state)) + ' ' + std::to_string(worker.attempts.size()) +
            ' ' + std::to_string(worker.row.session) + '\n';
  }
  for (const auto& [id, row] : state.kept) {
    text += ToResource(id.name) + ' ' + id.worker + ' ' + std::to_string(id.incarnation) + ' ' +
            std::to_string(row.released_time.has_value()) + '\n';
  }
  for (const CheckpointName& name : state.pins) text += "pinned " + ToResource(name) + '\n';
  for (const auto& [job, checkpoints] : state.starts)
    for (const CheckpointName& name : checkpoints)
      text += ToResource(job) + " from " + ToResource(name) + '\n';
  return text + std::to_string(state.requests.size());
}

}  // namespace optfleet::simulation
