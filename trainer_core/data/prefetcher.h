// Builds the batches of coming steps ahead, in a thread of its own, so that a step does not wait for the disk
// behind a mapped file. The ring holds the batch in use and `ahead` further ones; what is built, and in which
// order, does not depend on time. With `ahead` 0 there is no thread and Take builds.
//
// Take and the destructor are called by one thread. The destructor waits for the batch that is being built.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace optfleet::trainer {

// The sequences of a step, one after the other, and the same one token further.
struct HostBatch {
  std::vector<int64_t> inputs;
  std::vector<int64_t> targets;
};

class Prefetcher {
 public:
  // Fills the batch of a step; called by the prefetcher's thread alone. What it throws is thrown by the Take
  // of that step.
  using Build = std::function<void(int64_t step, HostBatch* batch)>;

  Prefetcher(Build build, int64_t ahead);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // The batch of a step, from 0; valid until another step is taken. Steps follow each other; any other step
  // begins anew from there, and the same step may be taken again.
  const HostBatch& Take(int64_t step);

  // By Take, in all: for batches that were not there yet.
  std::chrono::nanoseconds waited() const { return waited_; }

 private:
  struct Slot {
    int64_t step = -1;
    bool ready = false;
    HostBatch batch;
    std::exception_ptr error;
  };

  Slot& SlotOf(int64_t step) { return slots_[static_cast<size_t>(step) % slots_.size()]; }
  void Fill(Slot* slot);
  void Await(int64_t step);  // until its slot is ready
  void Run();

  const Build build_;
  const int64_t ahead_;
  std::vector<Slot> slots_;  // of step s: s mod size
  std::chrono::nanoseconds waited_{0};

  std::mutex mutex_;
  std::condition_variable room_;   // for the thread: a slot is free, or the end
  std::condition_variable built_;  // for Take
  int64_t current_ = -1;           // in use; -1: none yet
  int64_t next_ = 0;               // to build
  int64_t start_ = 0;              // raised where the order begins anew: what is being built then is dropped
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace optfleet::trainer
