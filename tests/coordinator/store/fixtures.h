// Rows and folders for the store tests.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "coordinator/engine/effects.h"
#include "coordinator/store/metrics_store.h"

namespace optfleet::store {

// A folder of its own below the system's temporary one, removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "optfleet-store-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  StoreOptions options() const { return {path_, {}}; }

 private:
  std::string path_;
};

inline Time At(int seconds) { return Time(std::chrono::seconds(seconds)); }

// A sweep of `jobs` queued jobs of 100 steps.
inline engine::NewSweep NewSweep(const std::string& id, int jobs) {
  engine::NewSweep sweep;
  sweep.sweep.id = id;
  sweep.sweep.display_name = "The " + id;
  sweep.sweep.axes = {"optimizer.learning_rate"};
  sweep.sweep.objective = {.metric = "val_loss"};
  sweep.sweep.job_count = jobs;
  sweep.sweep.create_time = At(10);
  sweep.source.files = {{"a.yaml", "model: {}\n\"quoted\": \xC3\xA9", "/home/somebody"}};
  sweep.source.overrides = {"a=1", "b=2"};
  sweep.source.environment = {{"HOME", "/home/somebody"}};
  for (int i = 1; i <= jobs; ++i) {
    domain::JobDefinition job;
    job.name = {id, i};
    job.parameters = {{"optimizer.learning_rate", std::to_string(i) + "e-3"}};
    job.spec_json = "{\"n\":" + std::to_string(i) + "}";
    job.spec_hash = "hash" + std::to_string(i);
    job.total_steps = 100;
    job.create_time = At(10);
    sweep.jobs.push_back(job);
  }
  return sweep;
}

inline domain::Worker AWorker(const std::string& id) {
  domain::Worker worker;
  worker.id = id;
  domain::Slot slot;
  slot.kind = domain::SlotKind::kGpu;
  slot.memory_bytes = int64_t{80} << 30;
  slot.device_uuid = "GPU-1";
  worker.slots = {slot};
  worker.session = 77;
  worker.retired_sessions = {5, 6};
  worker.last_seen = At(20);
  return worker;
}

inline domain::Attempt AnAttempt(const JobName& job, int number, const std::string& worker) {
  domain::Attempt attempt;
  attempt.name = {job, number};
  attempt.fence = {1, number};
  attempt.worker = worker;
  attempt.slots = {0};
  attempt.lease_time = At(600);
  attempt.create_time = At(30);
  return attempt;
}

// Records first, first + 1, ... with step = number and one point per record.
inline RecordBatch Batch(const AttemptName& attempt, int64_t first, int count,
                         const std::string& key = "loss") {
  RecordBatch batch;
  batch.attempt = attempt;
  batch.fence = {1, attempt.attempt};
  batch.keys = {key};
  batch.first_record = first;
  for (int i = 0; i < count; ++i) {
    const int64_t number = first + i;
    batch.Add(number, At(static_cast<int>(number)),
              std::vector<MetricPoint>{{0, 1.0 / static_cast<double>(number)}});
  }
  return batch;
}

}  // namespace optfleet::store
