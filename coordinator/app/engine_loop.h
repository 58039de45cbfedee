// The engine's thread: takes inputs from a bounded queue, lets the engine handle a batch of them, commits all
// their rows in one transaction and only then gives the answers (persist, then speak).
//
// If a commit fails, the engine is ahead of the disk: nothing of the batch is answered with success,
// everything that waits is answered with UNAVAILABLE, and `failed` is called once; the process must then end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "coordinator/engine/engine.h"
#include "coordinator/store/state_store.h"

namespace optfleet::app {

// What the loop tells the rest of the process, on its own thread. None may block.
struct EngineLoopHooks {
  std::function<Time()> now;
  // Attempts whose rows were just committed, before any answer leaves.
  std::function<void(const std::vector<domain::Attempt>&)> committed;
  // Engine::watched, again and again, before anything of a new sweep can be given out.
  std::function<void(const std::map<std::string, std::string>& objectives)> watched;
  std::function<void(const std::vector<domain::Event>&)> happened;
  std::function<void(double lag_seconds)> handled;
  std::function<void(double commit_seconds)> stored;
  // Engine::due_stages, again and again while there are any.
  std::function<void(const std::set<std::string>& sweeps)> due;
  std::function<void(const Error&)> failed;
};

class EngineLoop {
 public:
  using OnAnswer = std::function<void(engine::Answer)>;

  // Inputs of workers and those of people wait apart: a flood of submissions is refused while heartbeats
  // still come through.
  static constexpr size_t kWorkerLimit = 4096;
  static constexpr size_t kPeopleLimit = 512;
  static constexpr size_t kLookLimit = 512;
  static constexpr size_t kBatchLimit = 256;

  // Events of ended sweeps older than `keep_events` are dropped bit by bit; 0: none is.
  EngineLoop(std::unique_ptr<engine::Engine> engine, std::unique_ptr<store::StateStore> store,
             EngineLoopHooks hooks, Duration keep_events);
  // As Stop.
  ~EngineLoop();
  EngineLoop(const EngineLoop&) = delete;
  EngineLoop& operator=(const EngineLoop&) = delete;

  // False if its queue is full or the loop has ended; as Backend::Post. Any thread.
  bool Post(engine::Input input, OnAnswer on_answer);

  // What the metrics store holds: never refused, since only one word about an attempt waits, the newest with
  // the observations of all. Any thread.
  void TellHeld(const engine::RecordsHeld& held);

  // Runs `look` on the engine's thread between two batches; false as Post, with a queue of its own.
  bool Inspect(std::function<void(const engine::Engine&)> look);

  // Takes no more inputs, handles and commits those that wait, ends the thread.
  void Stop();

  size_t worker_depth() const;
  size_t people_depth() const;
  size_t look_depth() const;
  // Only from an Inspect.
  int64_t wal_bytes() const { return store_->wal_bytes(); }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Waiting {
    engine::Input input;
    OnAnswer on_answer;
    SteadyTime posted;
  };
  struct Answered {
    OnAnswer on_answer;
    engine::Answer answer;
  };
  struct Work {
    std::vector<Waiting> inputs;
    std::vector<engine::RecordsHeld> held;
    std::vector<std::function<void(const engine::Engine&)>> looks;
    bool last = false;
  };

  void Run();
  bool HasInputs() const { return !of_workers_.empty() || !of_people_.empty(); }  // under mutex_
  Work WaitForWork();
  // False if the rows could not be committed: the engine must not be used again.
  bool HandleBatch(Work work);
  Status CommitRows(const engine::Changes& changes);
  // False as HandleBatch.
  bool PruneEvents();
  // The specs that the answer promises, from the rows that were just committed.
  void AddSpecs(engine::Answer* answer);
  void GiveUp(const Error& error, std::vector<Answered> answers);

  const EngineLoopHooks hooks_;
  const Duration keep_events_;
  SteadyTime prune_at_{};                           // the loop's thread
  const std::unique_ptr<store::StateStore> store_;  // the loop's thread
  const std::unique_ptr<engine::Engine> engine_;    // the loop's thread

  mutable std::mutex mutex_;  // guards the next six
  std::condition_variable changed_;
  std::deque<Waiting> of_workers_;
  std::deque<Waiting> of_people_;
  std::map<AttemptName, engine::RecordsHeld> held_;
  std::deque<std::function<void(const engine::Engine&)>> looks_;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses the members above
};

}  // namespace optfleet::app
