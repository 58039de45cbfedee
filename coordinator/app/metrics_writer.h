// The thread that owns metrics.db: commits records from a bounded queue, so that the metrics stream never
// delays a lease.
//
// When the disk refuses records the process goes on: reports are refused with RESOURCE_EXHAUSTED (they wait
// in the workers' metrics logs), and the store is tried again after a pause that doubles up to half a minute.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "coordinator/store/metrics_store.h"

namespace optfleet::app {

// Called on the writer's thread, `refused` also on that of Append. Reasons: "queue_full", "not_writable",
// "stopping".
struct MetricsWriterHooks {
  std::function<void(const engine::RecordsHeld&)> held;  // after a commit, what is held now
  std::function<void(int64_t records, int64_t points, double commit_seconds)> stored;
  std::function<void(bool writable, const std::string& why)> writable_changed;
  std::function<void(std::string_view reason)> refused;           // of a report
  std::function<void(int64_t records)> thinned = [](int64_t) {};  // deleted, after the commit
};

class MetricsWriter {
 public:
  using OnHeld = std::function<void(Result<std::vector<engine::RecordsHeld>>)>;

  static constexpr size_t kQueueLimit = 256;          // reports
  static constexpr int64_t kQueuePoints = 4'000'000;  // in all reports together
  static constexpr int64_t kCommitPoints =
      200'000;  // in one transaction, but at least one report; larger ones make state.db wait for the disk

  // `first_pause`: after the first refusal of the disk.
  MetricsWriter(std::unique_ptr<store::MetricsStore> store, MetricsWriterHooks hooks,
                std::chrono::milliseconds first_pause = std::chrono::milliseconds(500));
  // As Stop.
  ~MetricsWriter();
  MetricsWriter(const MetricsWriter&) = delete;
  MetricsWriter& operator=(const MetricsWriter&) = delete;

  // Makes attempts known to the store before records that are posted later. Never refused; kept until the
  // disk takes it. What the store would do nothing with (an attempt without a record, a change that it does
  // not keep) is not written: attempts that record nothing cost it nothing. Any thread.
  void Link(const std::vector<domain::Attempt>& attempts);

  // The store knows these as they are. Before the first call of Link.
  void AreLinked(const std::vector<domain::Attempt>& attempts);

  // As MetricsStore::Watch, for reports that are posted later. Any thread.
  void Watch(const std::map<std::string, std::string>& objectives);

  // One entry per attempt of the batches is given back. False if the queue is full or stopped. Any thread.
  bool Append(std::vector<store::RecordBatch> batches, OnHeld on_held);

  // Deletes what the plan lets go, piece by piece, whenever no report waits. False if stopped. After a true
  // the callback runs once, on the writer's thread; UNAVAILABLE if it stops before the end (what went stays
  // gone, and a new plan goes on).
  bool Thin(store::ThinPlan plan, std::function<void(const Status&)> on_done);

  // Takes no more, commits what waits, ends the thread.
  void Stop();

  size_t depth() const;
  // After the last commit. Any thread.
  int64_t wal_bytes() const { return wal_bytes_; }

 private:
  struct Report {
    std::vector<store::RecordBatch> batches;
    OnHeld on_held;
    int64_t points = 0;
  };
  using Clock = std::chrono::steady_clock;

  struct Thinning {
    store::ThinPlan plan;
    std::function<void(const Status&)> on_done;
    int64_t next = 0;
  };

  // Empty, or why it was not taken.
  std::string_view Queue(Report report);
  void Run();
  // False when stopped and nothing waits.
  bool WaitForWork(std::vector<Report>* reports);
  // Those that wait, and those of attempts that the reports name.
  Status WriteLinks(const std::vector<Report>& reports);
  // What the store keeps of an attempt.
  struct Written {
    int64_t incarnation = 0;
    int32_t parent = 0;
    int64_t resume_record = 0;
    int64_t record_limit = 0;
    friend bool operator==(const Written&, const Written&) = default;
  };
  static Written WrittenOf(const domain::Attempt& attempt);
  // Whether it must be written now. Under the mutex.
  bool Note(const domain::Attempt& attempt);
  void TellWatched();  // the store, if it is news
  void Commit(std::vector<Report> reports);
  void Refuse(std::vector<Report> reports, const Error& error);
  void ThinSome();  // one transaction, if there is something to thin
  void AbandonThinning();
  void SetWritable(bool writable, const std::string& why);

  const MetricsWriterHooks hooks_;
  const std::chrono::milliseconds first_pause_;
  const std::unique_ptr<store::MetricsStore> store_;  // the writer's thread
  std::atomic<int64_t> wal_bytes_ = 0;

  mutable std::mutex mutex_;  // guards what follows up to stopping_
  std::condition_variable changed_;
  std::deque<Report> reports_;
  int64_t queued_points_ = 0;
  std::map<AttemptName, domain::Attempt> links_;  // to be written as soon as the disk takes them
  std::map<AttemptName, domain::Attempt> fresh_;  // to be written with their first record
  std::map<AttemptName, Written> written_;        // of attempts whose records may still be taken
  std::deque<Thinning> thinnings_;                // only the writer's thread takes away
  std::map<std::string, std::string> watched_;
  bool watches_others_ = false;  // than the store was told
  bool stopping_ = false;

  // The writer's thread only.
  bool writable_ = true;
  Clock::time_point try_again_{};
  Clock::duration pause_{};

  std::thread thread_;  // last: it uses the members above
};

}  // namespace optfleet::app
