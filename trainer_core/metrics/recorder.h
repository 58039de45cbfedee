// Stands between the training step and metrics.log: the step puts a record into a ring, a thread writes it.
// When the ring is full the step waits; that time is counted. The thread also fsyncs, at most every second.
//
// Cheap for the step: no lock and no system call while there is room. The thread looks into the ring 50 times
// a second and is woken before that only when the ring is half full (or when nothing came for a second), so
// that a record reaches the log within 20 ms.
//
// A full disk is waited out: the thread tries again until there is space (and says so once in the log), the
// ring fills, the step waits, nothing is lost. Any other failure is kept and returned by the next call.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/rundir/metrics_log.h"
#include "common/time.h"

namespace optfleet::trainer {

using Points = std::vector<std::pair<std::string_view, double>>;  // keys are literals

// Add, Sync and the destructor are called by one thread; the log is only touched by the recorder's own
// thread.
class Recorder {
 public:
  // `retry`: how long a full disk is left alone before the next try.
  explicit Recorder(std::unique_ptr<rundir::LogWriter> log, size_t capacity = 4096,
                    Duration retry = std::chrono::seconds(1));
  // Writes what is in the ring, unless the log has failed.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Copies one record into the ring, whose memory is kept (but for very long records); waits while it is
  // full.
  Status Add(int64_t step, Time time, std::span<const std::pair<std::string_view, double>> points);
  // Waits until everything added is on disk; returns the number of the last record.
  Result<int64_t> Sync();

  Duration waited() const { return waited_; }  // by Add, in all

 private:
  struct Entry {
    int64_t step = 0;
    Time time;
    Points points;
  };
  using Lock = std::unique_lock<std::mutex>;

  // The step's side.
  Status WaitForSpace();
  void Wake();
  Status failure();

  // The thread's side.
  size_t queued() const { return added_.load() - written_.load(std::memory_order_relaxed); }
  bool unsynced() const { return synced_ < written_.load(std::memory_order_relaxed); }
  void Run();
  void Write(Lock* lock);    // some entries; lets go of the lock while it writes
  void SyncLog(Lock* lock);  // lets go of the lock while it waits for the disk
  void Sleep(Lock* lock);
  // After a failed write or fsync: waits a while if the disk is full, keeps any other failure.
  void WaitOrFail(const Error& error, Lock* lock);

  std::unique_ptr<rundir::LogWriter> log_;
  const Duration retry_;
  std::vector<Entry> ring_;  // its memory is touched before the first step

  // Entries in all. The step fills a slot, then raises `added_`; the thread empties it, then raises
  // `written_`.
  std::atomic<size_t> added_ = 0;
  std::atomic<size_t> written_ = 0;
  std::atomic<size_t>
      wake_at_;  // entries in the ring at which the step wakes the thread; kAwake: it is not asleep
  std::atomic<bool> failed_ = false;
  size_t next_slot_ = 0;  // the step's
  Duration waited_{0};    // the step's

  // The thread's.
  std::vector<rundir::NewRecord> batch_;
  std::chrono::steady_clock::time_point next_sync_;
  int naps_ = 0;  // in a row, with nothing to do
  bool disk_full_ = false;

  std::mutex mutex_;              // guards the following
  std::condition_variable work_;  // for the recorder's thread
  std::condition_variable done_;  // for the step
  size_t synced_ = 0;             // entries on disk; raised only when the fsync has returned
  bool sync_wanted_ = false;      // by Sync
  bool stopping_ = false;
  Status failure_;
  std::thread thread_;
};

}  // namespace optfleet::trainer
