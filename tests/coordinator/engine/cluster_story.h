// A cluster of one engine and workers that do what they are told, for tests that read like a story. The clock
// moves only by hand.
//
// Jobs are called "job-1", "job-2" in order of submission. After every input the engine's invariants are
// checked; a story that is never asked anything fails when it ends.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/engine/engine.h"
#include "coordinator/engine/invariants.h"
#include "coordinator/engine/state.h"

namespace optfleet::engine {

// A sweep of `count` distinct jobs of 100 steps.
CreateSweep Jobs(int count, const std::string& id = "lr");
inline CreateSweep OneJob() { return Jobs(1); }

domain::Slot CpuSlot(int32_t index);

// What a worker says of an attempt that runs in slot 0.
AttemptStatus Running(const std::string& sweep, int32_t job, const Fence& fence);

// The message of a worker without slots and attempts.
Synchronize Hello(const std::string& worker, int64_t session, int64_t sequence);

class ClusterStory {
 public:
  class WorkerHandle {
   public:
    WorkerHandle(ClusterStory* story, std::string id) : story_(story), id_(std::move(id)) {}

    // Synchronizes, expects to be given an attempt of the job, and reports that it runs.
    void Takes(const std::string& job);
    // As Takes, and says from which checkpoint of its parent it went on.
    void Resumes(const std::string& job, int64_t step, int64_t record);
    // Is given an attempt that resumes, and says that it has a checkpoint before it can say where it began.
    void HasCheckpointed(const std::string& job, int64_t step, int64_t record);
    void Checkpoints(const std::string& job, int64_t step, int64_t record);
    // The process has ended; `records` are in its log (not yet held).
    void Reports(const std::string& job, Outcome outcome, int64_t records = 0, bool retryable = true);
    // The coordinator's metrics store holds so many records of it.
    void Delivers(const std::string& job, int64_t records);
    // Its next record is held: a validation at that step.
    void Validates(const std::string& job, int64_t step, double val_loss);
    // As Reports of a success, with its val_loss.
    void Scores(const std::string& job, double val_loss);
    // Takes the job, expects to be told to pause after that step, does so with a checkpoint, and says what it
    // came to.
    void TrainsTo(const std::string& job, int64_t step, double val_loss);
    // The run directory of the job's newest attempt is gone; this checkpoint of it lies in kept/.
    void Keeps(const std::string& job, int64_t step, std::optional<double> val_loss = {});
    // Nothing is left in kept/.
    void Unmounts();
    // Deletes what it is told to, and says what is left.
    void Obeys();
    // What it is told to delete, as "job-1 step 100".
    std::vector<std::string> ToldToDelete() const;
    void Synchronizes();
    void Drains();
    void Leaves();
    // The run directory of the job's attempt disappears.
    void Loses(const std::string& job);
    // The machine loses power: of the job's attempt so many records are left, and no word of its end.
    void LosesPower(const std::string& job, int64_t records);
    // A power cut took records of an attempt that had ended; so many are left.
    void HasLeft(const std::string& job, int32_t attempt, int64_t records);
    // Its process starts anew; run directories stay.
    void Restarts();
    std::optional<DesiredAttempt> Desired(const std::string& job) const;
    std::optional<Forget> Forgotten(const std::string& job) const;
    bool Names(const std::string& job) const;

   private:
    AttemptStatus& Own(const std::string& job);
    ClusterStory* story_;
    std::string id_;
  };

  explicit ClusterStory(Options options = {});
  ~ClusterStory();

  Answer Submit(CreateSweep sweep);
  Answer Give(const Input& input);
  Answer Cancel(const std::string& sweep, const std::string& reason = "", const std::string& request_id = "");
  Answer Cancel(const JobName& job, const std::string& reason = "");
  Answer Retry(const std::string& job);  // which has ended
  // Adds the worker with so many CPU slots when it is named first.
  WorkerHandle Worker(const std::string& id, int slots = 1);
  void Partition(const std::string& id) { workers_.at(id).cut_off = true; }
  void Heal(const std::string& id);
  // Second by second; workers that are not cut off synchronize.
  void Advance(Duration duration);
  void AdvancePast(Duration duration) { Advance(duration + std::chrono::seconds(1)); }
  // The coordinator's clock is set back (negative) or forward; nothing else happens meanwhile.
  void SetClock(Duration by) { now_ += by; }
  // metrics.db is thrown away while the coordinator does not run.
  void ThrowMetricsAway() { held_.clear(); }
  // A job that was not submitted (but added) is called by the next number.
  void Knows(const JobName& job) { jobs_.push_back(job); }
  // An ended job as a store would give it back.
  EndedJob Ended(const std::string& job);
  // The coordinator ends and starts again from what it had written; as after a restored backup with a higher
  // incarnation.
  void RestartCoordinator(int64_t raised_by = 0);

  Duration lease() const { return options_.lease; }
  Time now() const { return now_; }
  // kEnded once the job has left the engine.
  domain::JobState StateOf(const std::string& job);
  std::optional<Outcome> OutcomeOf(const std::string& job);
  std::string ReasonOf(const std::string& job);  // of the job's status
  std::string WaitsBecause(const std::string& bound_worker = "");
  const domain::Attempt& AttemptOf(const std::string& job, int32_t number);
  const SynchronizeAnswer& AnswerTo(const std::string& worker);
  const domain::Sweep& SweepRow(const std::string& id);
  std::vector<std::string> History(const std::string& subject);
  const Engine& engine();

 private:
  struct SimpleWorker {
    Synchronize says;
    SynchronizeAnswer answer;
    bool cut_off = false;
    std::vector<KeptStatus> kept;
    int kept_changes = 0;
  };
  JobName NameOf(const std::string& job) const;
  std::vector<SavedSweep> SavedSweeps() const;
  void KeepCheckpoints(const Changes& changes);
  void Keep(const Changes& changes);
  void Synchronize(const std::string& id);

  Options options_;
  Time now_{};
  std::unique_ptr<Engine> engine_;
  std::vector<JobName> jobs_;
  std::map<std::string, SimpleWorker> workers_;
  // Everything that was written, by key: what a store would give back.
  std::map<std::string, domain::Sweep> sweeps_;
  std::map<JobName, domain::Job> written_jobs_;
  std::map<AttemptName, domain::Attempt> attempts_;
  std::map<AttemptName, RecordsHeld> held_;
  std::map<std::string, std::vector<sweeps::Report>> reports_;
  std::map<std::string, domain::Worker> worker_rows_;
  std::map<domain::KeptId, domain::KeptCheckpoint> kept_;
  std::set<CheckpointName> pins_;
  std::map<std::pair<JobName, int32_t>, sweeps::RungResult> rungs_;
  std::vector<domain::Event> events_;
  std::vector<domain::Request> requests_;
  std::vector<ClassReason> waiting_;
  bool was_asked_ = false;
};

// What the worker was told about the job's attempt: end it, for this reason.
testing::Matcher<const SynchronizeAnswer&> AsksToStop(const std::string& reason);

}  // namespace optfleet::engine
