// The worker's own figures for Prometheus. Thread-safe.
#pragma once

#include <prometheus/registry.h>

#include <string>

#include "common/time.h"
#include "worker/engine/engine.h"

namespace optfleet::worker {

class Metrics {
 public:
  explicit Metrics(const std::string& worker_id);

  // `work_waiting`: of the threads for slow work.
  void Show(const Summary& summary, int work_waiting);
  void CountRecords(int64_t sent);
  void ObserveSynchronize(Duration took);
  void CountFailedCall(const std::string& method);
  void ObserveLoopLag(Duration lag);

  std::string Text() const;  // exposition format 0.0.4

 private:
  prometheus::Registry registry_;
  prometheus::Gauge& slots_free_;
  prometheus::Gauge& slots_used_;
  prometheus::Gauge& running_;
  prometheus::Gauge& backlog_records_;
  prometheus::Gauge& backlog_bytes_;
  prometheus::Gauge& work_waiting_;
  prometheus::Counter& records_;
  prometheus::Family<prometheus::Counter>& failed_calls_;
  prometheus::Histogram& synchronize_;
  prometheus::Histogram& loop_lag_;
};

}  // namespace optfleet::worker
