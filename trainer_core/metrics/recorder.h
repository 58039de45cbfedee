// Stands between the training step and metrics.log: the step drops a record into a bounded queue, a thread
// writes it. When the queue is full the step waits; that time is counted. The thread also fsyncs, at most
// every second.
//
// A full disk is waited out: the thread tries again until there is space (and says so once in the log), the
// queue fills, the step waits, nothing is lost. Any other failure is kept and returned by the next call.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
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
  explicit Recorder(std::unique_ptr<rundir::LogWriter> log, size_t capacity = 1024,
                    Duration retry = std::chrono::seconds(1));
  // Writes what is queued, unless the log has failed.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Queues one record; waits while the queue is full.
  Status Add(int64_t step, Time time, Points points);
  // Waits until everything added is on disk; returns the number of the last record.
  Result<int64_t> Sync();

  Duration waited() const { return waited_; }  // by Add, in all

 private:
  struct Entry {
    int64_t step;
    Time time;
    Points points;
  };

  bool unsynced() const { return synced_ < written_; }
  void Run();
  void Write(std::unique_lock<std::mutex>* lock);    // one entry; lets go of the lock while it writes
  void SyncLog(std::unique_lock<std::mutex>* lock);  // lets go of the lock while it waits for the disk
  // After a failed write or fsync: waits a while if the disk is full, keeps any other failure.
  void WaitOrFail(const Error& error, std::unique_lock<std::mutex>* lock);

  std::unique_ptr<rundir::LogWriter> log_;
  const size_t capacity_;
  const Duration retry_;
  Duration waited_{0};

  std::mutex mutex_;
  std::condition_variable work_;  // for the recorder's thread
  std::condition_variable done_;  // for the step
  std::deque<Entry> queue_;
  int64_t written_ = 0;       // entries in the log
  int64_t synced_ = 0;        // of them on disk; raised only when the fsync has returned
  bool sync_wanted_ = false;  // by Sync
  bool stopping_ = false;
  bool disk_full_ = false;
  Status failure_;
  std::thread thread_;
};

}  // namespace optfleet::trainer
