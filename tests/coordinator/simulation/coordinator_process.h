// The coordinator: shipping engine, scheduler, stores and method handlers, on a disk and a clock that fail.
// The order of commit, hooks and answers is that of coordinator/app: a loop for the engine, a writer for
// metrics.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/engine/engine.h"
#include "coordinator/rpc/backend.h"
#include "coordinator/rpc/method_table.h"
#include "coordinator/store/metrics_store.h"
#include "coordinator/store/read_store.h"
#include "coordinator/store/state_store.h"
#include "tests/coordinator/simulation/checker.h"
#include "tests/coordinator/simulation/context.h"
#include "tests/coordinator/simulation/network.h"
#include "tests/support/fault_vfs.h"

namespace optfleet::simulation {

// Where the process dies next time it gets there.
enum class CrashPoint {
  kNone,
  kBeforeCommit,
  kInsideCommit,
  kBeforeSend,
  kInsideMetricsCommit,
  kBetweenMetricsAndEngine,
  kWhileOpening,
};

class CoordinatorProcess final : public rpc::Backend {
 public:
  CoordinatorProcess(Context* context, Checker* checker, uint64_t seed);
  ~CoordinatorProcess() override;

  void Serve(const std::string& path, const std::string& request, Network::Reply reply);

  void Start();                                  // tries again by itself until it is up
  void Die(std::optional<PowerCut> power = {});  // and starts again after a while
  bool up() const { return engine_ != nullptr; }
  int64_t life() const { return life_; }  // another after each start
  // Is told of engine::Engine::due_stages again and again.
  void OnDue(std::function<void(const std::set<std::string>&)> tell) { tell_due_ = std::move(tell); }
  const engine::Engine* engine() const { return engine_.get(); }
  Time wall() const { return context_->agenda.now() + clock_offset_; }

  // --- Faults.
  void CrashAt(CrashPoint point) { crash_at_ = point; }
  void JumpClock(Duration by) { clock_offset_ += by; }
  void SleepUntil(Time time) { asleep_until_ = std::max(asleep_until_, time); }
  void FailNextMetricsCommit() { fail_metrics_ = true; }
  SimulatedDisk& disk() { return disk_; }
  const std::string& vfs_name() const { return vfs_.name(); }
  void TakeBackup();
  bool has_backup() const { return backup_.has_value(); }
  void RestoreBackup();        // stops the process first
  void ThrowMetricsAway();     // stops the process first
  void CompareWithReloaded();  // what the engine holds is what it would hold if it began now
  void Heal();

  // --- rpc::Backend; all on the one thread of the simulation.
  bool Post(engine::Input input, OnAnswer on_answer) override;
  bool Read(std::function<void(store::ReadStore&)> read) override;
  bool Work(std::function<void()> work) override;
  bool Append(std::vector<store::RecordBatch> batches, OnHeld on_held) override;
  void NoteClock(const std::string&, Time) override {}
  rpc::SystemInfo info() const override { return {}; }
  Time Now() const override { return wall(); }

 private:
  struct Waiting {
    engine::Input input;
    OnAnswer on_answer;
  };
  struct Report {
    std::vector<store::RecordBatch> batches;
    OnHeld on_held;
  };
  Status Open();
  void Later(Duration delay, std::function<void()> work);
  void WakeLoop(Duration delay);
  void WakeWriter(Duration delay);
  void RunLoop();
  void RunWriter();
  void AddSpecs(engine::Answer* answer);
  bool CrashesAt(CrashPoint point, Fault fault);
  std::vector<store::RecordBatch> TakeBatches(std::vector<Report>* reports);
  void AnswerReports(std::vector<Report> reports, const std::vector<engine::RecordsHeld>& held);
  void TraceEvents(const engine::Changes& changes) const;
  store::StoreOptions Options() const;

  Context* context_;
  Checker* checker_;
  std::function<void(const std::set<std::string>&)> tell_due_;
  SimulatedDisk disk_;
  FaultVfs vfs_;
  engine::Options engine_options_;
  rpc::MethodTable methods_;

  std::unique_ptr<store::StateStore> state_;
  std::unique_ptr<store::MetricsStore> metrics_;
  std::unique_ptr<store::ReadStore> reader_;  // opened when first needed
  std::unique_ptr<engine::Engine> engine_;    // null while the process is down
  std::deque<Waiting> inputs_;
  std::map<AttemptName, engine::RecordsHeld> held_;
  std::deque<Report> reports_;
  std::map<AttemptName, domain::Attempt> links_;
  bool loop_awake_ = false;
  int64_t timer_ = 0;  // the newest one counts
  Time busy_until_{};  // with a slow commit
  bool writer_awake_ = false;
  int64_t life_ = 0;

  Duration clock_offset_{};
  Time asleep_until_{};
  CrashPoint crash_at_ = CrashPoint::kNone;
  bool fail_metrics_ = false;
  std::optional<std::string> backup_;
};

}  // namespace optfleet::simulation
