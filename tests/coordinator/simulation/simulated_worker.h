// A worker as docs/run-directory.md and worker.proto ask for, without processes and disks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "coordinator/engine/effects.h"
#include "coordinator/engine/inputs.h"
#include "coordinator/store/metrics_store.h"

namespace optfleet::simulation {

// An answer with the call that it belongs to. A worker has one call under way: the answer of one that it has
// given up on is dropped by the transport.
struct AnswerOfCall {
  int64_t session = 0;
  int64_t sequence = 0;
  engine::SynchronizeAnswer answer;
};

class SimulatedWorker {
 public:
  SimulatedWorker(std::string id, int slots, uint64_t seed);

  // One step of every trainer; some fail, some diverge if `faults`.
  void Train(bool faults);

  engine::Synchronize Say();
  // What its logs hold beyond what is held; nothing if all is.
  std::vector<store::RecordBatch> Records(Time now);
  void Hear(const AnswerOfCall& call);
  void Hear(const engine::RecordsHeld& held);

  // Its process is killed and starts anew: run directories and trainers stay.
  void RestartProcess();
  // The machine goes down and comes back: trainers die, records behind the last checkpoint are lost.
  void CrashMachine();
  // Trainers that run now, by slot; two on one slot are a mistake of the coordinator.
  int DoubleBooked() const;

 private:
  struct Run {  // a run directory
    AttemptName name;
    Fence fence;
    int32_t slot = 0;
    engine::AttemptStatus::State state = engine::AttemptStatus::State::kStarting;
    int64_t step = 0;            // newest trained
    std::vector<int64_t> steps;  // of its records; record i + 1
    int64_t checkpoint_step = 0;
    int64_t checkpoint_record = 0;
    bool resumed = false;
    int64_t resume_step = 0;
    int64_t resume_record = 0;
    std::optional<Outcome> outcome;
    std::string reason;
    bool retryable = false;
    int64_t held = 0;
    bool kept = false;  // for its checkpoints only
  };
  void End(Run* run, Outcome outcome, const std::string& reason, bool retryable);
  void Start(const engine::DesiredAttempt& desired);
  bool SlotIsFree(int32_t slot) const;

  std::string id_;
  int slots_;
  std::mt19937_64 random_;
  int64_t session_ = 1;
  int64_t sequence_ = 0;
  int64_t answered_ = 0;  // sequence of the newest answer
  std::map<AttemptName, Run> runs_;
};

}  // namespace optfleet::simulation
