#include "worker/app/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include "common/version.h"

namespace optfleet::worker {
namespace {

using prometheus::Registry;

prometheus::Family<prometheus::Gauge>& Gauges(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

prometheus::Histogram& Seconds(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(
      {}, prometheus::Histogram::BucketBoundaries{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                  2.5, 5, 10});
}

double InSeconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Metrics::Metrics(const std::string& worker_id)
    : slots_free_(Gauges(registry_, "optfleet_slots", "Slots by state")
                      .Add({{"worker", worker_id}, {"state", "free"}})),
      slots_used_(Gauges(registry_, "optfleet_slots", "Slots by state")
                      .Add({{"worker", worker_id}, {"state", "used"}})),
      running_(Gauges(registry_, "optfleet_worker_attempts_running", "Attempts whose trainer runs").Add({})),
      backlog_records_(
          Gauges(registry_, "optfleet_worker_spool_records", "Records that the coordinator does not hold yet")
              .Add({})),
      backlog_bytes_(Gauges(registry_, "optfleet_worker_spool_bytes",
                            "Share of the metrics logs that the coordinator does not hold yet")
                         .Add({})),
      work_waiting_(Gauges(registry_, "optfleet_queue_depth", "Entries of a queue").Add({{"queue", "work"}})),
      records_(prometheus::BuildCounter()
                   .Name("optfleet_worker_records_sent_total")
                   .Help("Records sent, repeats included")
                   .Register(registry_)
                   .Add({})),
      failed_calls_(prometheus::BuildCounter()
                        .Name("optfleet_worker_calls_failed_total")
                        .Help("Calls to the coordinator that failed")
                        .Register(registry_)),
      synchronize_(
          Seconds(registry_, "optfleet_worker_synchronize_seconds", "Time of a successful synchronise call")),
      loop_lag_(
          Seconds(registry_, "optfleet_event_loop_lag_seconds", "How late the event loop's timer came")) {
  Gauges(registry_, "optfleet_build_info", "Version of this program").Add({{"version", kVersion}}).Set(1);
}

void Metrics::Show(const Summary& summary, int work_waiting) {
  slots_free_.Set(summary.slots_free);
  slots_used_.Set(summary.slots_used);
  running_.Set(summary.attempts_running);
  backlog_records_.Set(static_cast<double>(summary.backlog_records));
  backlog_bytes_.Set(static_cast<double>(summary.backlog_bytes));
  work_waiting_.Set(work_waiting);
}

void Metrics::CountRecords(int64_t sent) { records_.Increment(static_cast<double>(sent)); }
void Metrics::ObserveSynchronize(Duration took) { synchronize_.Observe(InSeconds(took)); }
void Metrics::CountFailedCall(const std::string& method) {
  failed_calls_.Add({{"method", method}}).Increment();
}
void Metrics::ObserveLoopLag(Duration lag) { loop_lag_.Observe(InSeconds(lag)); }

std::string Metrics::Text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

}  // namespace optfleet::worker
