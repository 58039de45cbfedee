#include "tests/coordinator/simulation/essence.h"

namespace optfleet::simulation {

std::string EssenceOf(const engine::State& state) {
  std::string text;
  for (const auto& [id, sweep] : state.sweeps) {
    text += id + ' ' + std::string(Name(sweep.row.state)) + ' ' + std::to_string(sweep.ended.total()) + ' ' +
            std::to_string(sweep.ended_steps) + ' ' + std::to_string(sweep.ended.best_job.value_or(0));
    for (const auto& [objective, job] : sweep.best) text += ' ' + std::to_string(job);
    text += '\n';
  }
  for (const auto& [name, job] : state.jobs) {
    const domain::JobStatus& s = job.row.status;
    text += ToResource(name) + ' ' + std::string(Name(s.state)) + ' ' + s.reason + ' ' + s.worker + ' ' +
            s.bound_worker + ' ' + std::to_string(s.failures) + ' ' + std::to_string(s.stop.has_value()) +
            ' ' + std::to_string(state.queue.Contains(job.row)) + '\n';
    for (const auto& [number, attempt] : job.attempts) {
      domain::Attempt row = attempt.row;
      row.lease_time.reset();
      text += "  " + std::to_string(number) + ' ' + std::string(Name(row.state)) + ' ' + row.worker + ' ' +
              row.reason + ' ' + std::to_string(row.parent) + ' ' + std::to_string(row.resume_record) + ' ' +
              std::to_string(row.checkpoint_step) + ' ' + std::to_string(row.record_limit) + ' ' +
              std::to_string(attempt.held_record) + ' ' + std::to_string(row.reported.has_value()) + '\n';
    }
  }
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
