// Bounded growth of metrics.db: thins the records of sweeps that ended long ago. What stays are real records,
// with the extremes of each key (store/thin_plan.h); what is held of an attempt is unchanged, so resuming
// from it, or adding to its sweep later, needs nothing that went.
//
// A thread of its own reads and plans with its own store; the metrics writer deletes, in small transactions
// and only while no report waits.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "common/result.h"
#include "common/time.h"
#include "coordinator/app/metrics_writer.h"
#include "coordinator/app/retention_options.h"
#include "coordinator/store/read_store.h"

namespace optfleet::app {

class Retention {
 public:
  // `writer` outlives this object. `now`: the wall clock, read on this object's thread.
  Retention(const RetentionOptions& options, std::unique_ptr<store::ReadStore> reader, MetricsWriter* writer,
            std::function<Time()> now);
  // Ends after the deletion that is under way.
  ~Retention();
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;

 private:
  void Run();
  // Thins what is due, until nothing is or this object ends.
  void Pass();
  // Whether it was done.
  Result<bool> ThinOne(const AttemptName& attempt);
  bool stopping();

  const RetentionOptions options_;
  const std::unique_ptr<store::ReadStore> reader_;
  MetricsWriter* const writer_;
  const std::function<Time()> now_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace optfleet::app
