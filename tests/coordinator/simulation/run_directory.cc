#include "tests/coordinator/simulation/run_directory.h"

#include <utility>

namespace optfleet::simulation {

double ValueOf(const std::string& job, int64_t step) {
  uint64_t hash = 1469598103934665603U;
  for (const char c : job) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return static_cast<double>(hash % 1000) + 1.0 / static_cast<double>(step);
}

RunDirectory::RunDirectory(std::string folder, rundir::JobDocument job, bool resumes_durably)
    : folder_(std::move(folder)), job_(std::move(job)), resumes_durably_(resumes_durably) {}

std::string RunDirectory::job_resource() const {
  return job_.attempt.substr(0, job_.attempt.find("/attempts/"));
}

worker::DirectoryFactsPtr RunDirectory::Facts(const std::string& boot_id) {
  if (facts_) return facts_;
  auto facts = std::make_shared<worker::DirectoryFacts>();
  facts->folder = folder_;
  facts->job = job_;
  facts->other_boot = job_.boot_id != boot_id;
  facts->shim_held = processes.shim;
  facts->trainer_held = processes.trainer;
  if (started) facts->started = started->value;
  if (result) facts->result = result->value;
  if (exit) facts->exit = exit->value;
  facts->last_record = static_cast<int64_t>(log.size());
  facts->log_bytes = 40 * facts->last_record;
  if (!checkpoints.empty()) {
    facts->checkpoint_step = checkpoints.back().value.step;
    facts->checkpoint_record = checkpoints.back().value.record;
  }
  if (worker::Conclude(*facts).state == worker::DirectoryState::kEnded)
    facts->output_tail = "the last words\n";
  facts_ = facts;
  return facts_;
}

worker::RecordBatch RunDirectory::Read(int64_t after, size_t most) const {
  worker::RecordBatch batch;
  batch.keys = {"loss"};
  for (auto i = static_cast<size_t>(after); i < log.size() && batch.records.size() < most; ++i) {
    batch.records.push_back({.number = static_cast<int64_t>(i) + 1,
                             .step = log[i].step,
                             .time = log[i].time,
                             .points = {{0, log[i].loss}}});
  }
  return batch;
}

void RunDirectory::CutPower(Dice* dice) {
  processes.AllGone();
  const auto lose = [dice](auto* document) {
    if (!*document) return;
    if (!(*document)->durable && dice->Chance(0.5)) {
      document->reset();
    } else {
      (*document)->durable = true;
    }
  };
  lose(&started);
  lose(&result);
  lose(&exit);
  std::erase_if(checkpoints, [dice](const auto& one) { return !one.durable && dice->Chance(0.5); });
  for (auto& one : checkpoints) one.durable = true;
  // Behind the first frame that did not reach the disk nothing can be read.
  log.resize(log_durable + dice->Below(log.size() - log_durable + 1));
  log_durable = log.size();
  Changed();
}

void RunDirectory::ComeBack(Dice* dice) {
  processes.AllGone();
  if (dice->Chance(0.5)) started.reset();
  if (dice->Chance(0.5)) result.reset();
  if (dice->Chance(0.5)) exit.reset();
  if (dice->Chance(0.5)) checkpoints.clear();
  if (dice->Chance(0.5)) log.clear();
  log_durable = log.size();
  Changed();
}

}  // namespace optfleet::simulation
