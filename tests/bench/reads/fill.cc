#include "tests/bench/reads/fill.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "coordinator/engine/effects.h"
#include "coordinator/store/metrics_store.h"
#include "coordinator/store/state_store.h"
#include "tests/bench/support/figures.h"
#include "tests/bench/support/steps.h"

namespace optfleet::bench {
namespace {

constexpr int64_t kHandOver = 4096;         // steps, as a worker sends at most
constexpr int64_t kCommitPoints = 200'000;  // as the metrics writer

template <typename T>
T Must(Result<T> result) {
  if (result.has_value()) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().message().c_str());
  std::exit(1);
}
void Must(const Status& status) {
  if (status.has_value()) return;
  std::fprintf(stderr, "%s\n", status.error().message().c_str());
  std::exit(1);
}

domain::JobDefinition Job(int32_t number) {
  domain::JobDefinition job;
  job.name = {kSweep, number};
  job.parameters = {{"optimizer.learning_rate", std::to_string(number) + "e-6"}};
  job.spec_json = "{\"optimizer\":{\"learning_rate\":" + std::to_string(number) + "e-6}}";
  job.spec_hash = "hash" + std::to_string(number);
  job.total_steps = 1'000'000;
  return job;
}

domain::Attempt AttemptOf(int32_t number) {
  domain::Attempt attempt;
  attempt.name = {{kSweep, number}, 1};
  attempt.fence = {1, 1};
  attempt.worker = "bench01";
  attempt.lease_time = Time(std::chrono::seconds(600));
  return attempt;
}

std::vector<domain::Attempt> FillState(const std::string& folder, const Filling& filling) {
  auto state = Must(store::StateStore::Open({folder, {}}));
  engine::Changes changes;
  engine::NewSweep sweep;
  sweep.sweep.id = kSweep;
  sweep.sweep.display_name = kSweep;
  sweep.sweep.objective = {.metric = "val_loss"};
  sweep.sweep.axes = {"optimizer.learning_rate"};
  sweep.sweep.job_count = filling.jobs;
  for (int32_t number = 1; number <= filling.jobs; ++number) sweep.jobs.push_back(Job(number));
  changes.new_sweeps.push_back(std::move(sweep));
  domain::Worker worker;
  worker.id = "bench01";
  changes.workers.push_back(worker);
  std::vector<domain::Attempt> attempts;
  for (int32_t number = 1; number <= filling.jobs; ++number) {
    attempts.push_back(AttemptOf(number));
    domain::JobStatus status;
    status.state = domain::JobState::kRunning;
    status.attempt_count = 1;
    status.worker = "bench01";
    changes.jobs.emplace_back(JobName{kSweep, number}, status);
  }
  changes.attempts = attempts;
  Must(state->Commit(changes));
  return attempts;
}

store::RecordBatch BatchOf(int32_t number, int64_t first, int64_t count, Run* run) {
  Fill(number, first, static_cast<size_t>(count), run);
  store::RecordBatch batch;
  batch.attempt = {{kSweep, number}, 1};
  batch.fence = {1, 1};
  batch.keys.assign(kKeys.begin(), kKeys.end());
  batch.first_record = first;
  std::array<store::MetricPoint, kKeys.size()> points;
  for (const Step& step : run->steps) {
    for (uint32_t key = 0; key < kKeys.size(); ++key) points[key] = {key, step.values[key]};
    batch.Add(step.step, TimeFromUnixMicros(step.time_us), points);
  }
  return batch;
}

}  // namespace

int64_t StepsOf(const Filling& filling, int32_t number) {
  const int64_t steps = filling.points / static_cast<int64_t>(kKeys.size()) / 2;
  return number <= filling.long_jobs ? steps / filling.long_jobs : steps / (filling.jobs - filling.long_jobs);
}

double FillFolder(const std::string& folder, const Filling& filling) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto attempts = FillState(folder, filling);
  auto metrics = Must(store::MetricsStore::Open({folder, {}}));
  Must(metrics->Link(attempts));
  const auto begin = std::chrono::steady_clock::now();
  Run run;
  std::vector<store::RecordBatch> batches;
  int64_t uncommitted = 0;
  int64_t taken = 0;
  const auto commit = [&] {
    for (const auto& held : Must(metrics->Append(batches))) taken += held.record > 0 ? 1 : 0;
    batches.clear();
    uncommitted = 0;
  };
  for (int32_t number = 1; number <= filling.jobs; ++number) {
    const int64_t steps = StepsOf(filling, number);
    for (int64_t first = 1; first <= steps; first += kHandOver) {
      const int64_t count = std::min(kHandOver, steps - first + 1);
      batches.push_back(BatchOf(number, first, count, &run));
      uncommitted += count * static_cast<int64_t>(kKeys.size());
      if (uncommitted >= kCommitPoints) commit();
    }
  }
  commit();
  if (taken < filling.jobs) std::abort();
  return static_cast<double>(filling.points) / SecondsSince(begin);
}

}  // namespace optfleet::bench
