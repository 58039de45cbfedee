// CoordinatorProcess: the metrics writer, and what is done to the databases from outside.
#include <algorithm>

#include "coordinator/store/schema.h"
#include "tests/coordinator/simulation/coordinator_process.h"
#include "tests/coordinator/simulation/essence.h"

namespace optfleet::simulation {

using std::chrono::milliseconds;

void CoordinatorProcess::WakeWriter(Duration delay) {
  if (writer_awake_) return;
  writer_awake_ = true;
  Later(delay, [this] { RunWriter(); });
}

std::vector<store::RecordBatch> CoordinatorProcess::TakeBatches(std::vector<Report>* reports) {
  std::vector<store::RecordBatch> batches;
  while (!reports_.empty()) {
    for (const store::RecordBatch& batch : reports_.front().batches) batches.push_back(batch);
    reports->push_back(std::move(reports_.front()));
    reports_.pop_front();
  }
  return batches;
}

// One round of MetricsWriter: links, records, the engine, the answers. A failure refuses the reports; the
// links wait.
void CoordinatorProcess::RunWriter() {
  writer_awake_ = false;
  std::vector<Report> reports;
  const std::vector<store::RecordBatch> batches = TakeBatches(&reports);
  const bool stops = CrashesAt(CrashPoint::kInsideMetricsCommit, Fault::kCrashInsideMetricsCommit);
  if (stops) disk_.StopAt(1 + static_cast<int64_t>(context_->dice.Below(12)));
  if (std::exchange(fail_metrics_, false)) {
    context_->coverage->Met(Fault::kMetricsDiskError);
    disk_.FailAt(1 + static_cast<int64_t>(context_->dice.Below(6)));
  }
  std::vector<domain::Attempt> links;
  for (const auto& [name, attempt] : links_) links.push_back(attempt);
  Status stored = links.empty() ? Status() : metrics_->Link(links);
  if (stored) links_.clear();
  std::vector<engine::RecordsHeld> held;
  if (stored && !batches.empty()) {
    metrics_->Watch(engine_->watched());
    auto appended = metrics_->Append(batches);
    if (appended) held = *std::move(appended);
    if (!appended) stored = Fail(appended.error());
  }
  if (stops || disk_.stopped())
    return Die(context_->dice.Chance(0.5) ? std::optional(PowerCut::kSomePages) : std::nullopt);
  disk_.FailAt(0);
  if (!stored) {
    context_->trace.Say(context_->agenda.now(), "coordinator",
                        [&] { return "records refused: " + stored.error().message(); });
    for (const Report& report : reports)
      report.on_held(Fail(Code::kResourceExhausted, stored.error().message()));
    return WakeWriter(milliseconds(500));
  }
  if (CrashesAt(CrashPoint::kBetweenMetricsAndEngine, Fault::kCrashBetweenMetricsAndEngine)) return Die();
  for (const engine::RecordsHeld& entry : held) {
    if (entry.record == 0) continue;
    const auto [waiting, fresh] = held_.try_emplace(entry.attempt, entry);
    if (!fresh) waiting->second.Join(entry);
  }
  if (!held_.empty()) WakeLoop(context_->dice.Between(Duration(0), milliseconds(30)));
  const Duration slow = disk_.TakeTimeSpent();
  Later(slow,
        [this, reports = std::move(reports), held]() mutable { AnswerReports(std::move(reports), held); });
}

void CoordinatorProcess::AnswerReports(std::vector<Report> reports,
                                       const std::vector<engine::RecordsHeld>& held) {
  for (const Report& report : reports) {
    std::vector<engine::RecordsHeld> answer;
    for (const store::RecordBatch& batch : report.batches) {
      const auto found =
          std::find_if(held.begin(), held.end(), [&](const auto& h) { return h.attempt == batch.attempt; });
      answer.push_back(found == held.end() ? engine::RecordsHeld{batch.attempt, 0, 0} : *found);
      checker_->ToldHeld({ToResource(batch.attempt), batch.fence}, answer.back().record);
    }
    report.on_held(std::move(answer));
  }
}

// What store::RestoreBackup does, on this disk.
void CoordinatorProcess::RestoreBackup() {
  if (!backup_) return;
  Die();
  disk_.SetCapacity(-1);  // whoever restores a backup has made room for it
  context_->trace.Say(context_->agenda.now(), "coordinator", [] { return "backup restored"; });
  const std::string path = "state/state.db";
  int64_t replaced = 0;
  {
    auto old = store::OpenForWriting(path, store::kStateSchema, vfs_.name());
    if (old) replaced = old->QueryInt("SELECT value FROM meta WHERE key = 'incarnation'").value_or(0);
  }
  for (const char* name : {"state/incoming", "state/incoming-wal"}) disk_.Remove(name);
  SimulatedDisk::FilePtr file;
  disk_.Create("state/incoming", &file);
  disk_.Write(file.get(), 0, *backup_);
  {
    auto incoming = store::OpenForWriting("state/incoming", store::kStateSchema, vfs_.name());
    const std::string raise = "UPDATE meta SET value = max(value, " + std::to_string(replaced) +
                              ") + 1 WHERE key = 'incarnation'; PRAGMA wal_checkpoint(TRUNCATE)";
    const Status raised = incoming ? incoming->Execute(raise) : Fail(incoming.error());
    if (!raised) return context_->Violate("a backup can be restored", raised.error().message());
  }
  disk_.Remove("state/incoming-wal");
  disk_.Sync(file.get());
  disk_.Remove(path + "-wal");
  disk_.Rename("state/incoming", path);
  disk_.SyncFolder("state");
  checker_->BackupRestored();
}

void CoordinatorProcess::ThrowMetricsAway() {
  Die();
  context_->trace.Say(context_->agenda.now(), "coordinator", [] { return "metrics.db thrown away"; });
  disk_.Remove("state/metrics.db");
  disk_.Remove("state/metrics.db-wal");
  disk_.SyncFolder("state");
  checker_->MetricsThrownAway();
}

void CoordinatorProcess::CompareWithReloaded() {
  // What is written in parts is on disk before it is in sight.
  if (!up() || !engine_->state().expanding.empty() || !engine_->state().extending.empty()) return;
  if (!links_.empty() || !held_.empty() || loop_awake_) return;
  auto saved = state_->Load();
  if (!saved) return context_->Violate("what is in memory is on disk", saved.error().message());
  saved->held = metrics_->Held(saved->attempts).value();
  auto reloaded = engine::Engine::Create(engine_options_, *std::move(saved), engine_->state().now);
  if (!reloaded) return context_->Violate("what is in memory is on disk", reloaded.error().message());
  const std::string here = EssenceOf(engine_->state());
  const std::string there = EssenceOf((*reloaded)->state());
  if (here != there)
    context_->Violate("what is in memory is on disk", "in memory:\n" + here + "on disk:\n" + there);
}

}  // namespace optfleet::simulation
