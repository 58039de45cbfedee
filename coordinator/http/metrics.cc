#include "coordinator/http/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <utility>

namespace optfleet::http {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

const Histogram::BucketBoundaries kShortTimes = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                 0.1,    0.25,  0.5,    1,     2.5,  5,     10};

Family<Gauge>& GaugeFamily(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Counter>& CounterFamily(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Histogram>& HistogramFamily(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

// A family of gauges that is replaced as a whole, so that a worker that left does not stay for ever.
class Snapshot {
 public:
  explicit Snapshot(Family<Gauge>& family) : family_(family) {}

  void Begin() { fresh_.clear(); }
  void Set(const prometheus::Labels& labels, int64_t value) {
    Gauge& gauge = family_.Add(labels);
    gauge.Set(static_cast<double>(value));
    fresh_[labels] = &gauge;
  }
  void End() {
    for (const auto& [labels, gauge] : shown_) {
      if (!fresh_.contains(labels)) family_.Remove(gauge);
    }
    shown_ = fresh_;
  }

 private:
  Family<Gauge>& family_;
  std::map<prometheus::Labels, Gauge*> shown_;
  std::map<prometheus::Labels, Gauge*> fresh_;
};

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  Family<Gauge>& build =
      GaugeFamily(registry, "optfleet_build_info", "1, labelled with the version of this program.");
  Family<Counter>& rpc =
      CounterFamily(registry, "optfleet_rpc_requests_total", "Calls answered, by method and code.");
  Family<Histogram>& rpc_seconds =
      HistogramFamily(registry, "optfleet_rpc_duration_seconds", "From the call to its answer, by method.");
  Histogram& lag = HistogramFamily(registry, "optfleet_event_loop_lag_seconds",
                                   "How long an input waited for the engine's thread.")
                       .Add({}, kShortTimes);
  Family<Histogram>& commit =
      HistogramFamily(registry, "optfleet_db_commit_seconds", "Duration of a commit, by database.");
  Counter& records = CounterFamily(registry, "optfleet_ingest_records_total", "Records committed.").Add({});
  Counter& points =
      CounterFamily(registry, "optfleet_ingest_points_total", "Points (scalars of steps) committed.").Add({});
  Counter& thinned = CounterFamily(registry, "optfleet_metrics_thinned_records_total",
                                   "Records of sweeps that ended long ago, deleted by --thin-after.")
                         .Add({});
  Family<Counter>& rejected = CounterFamily(registry, "optfleet_ingest_rejected_total",
                                            "Reports refused and left to be sent again, by reason.");
  Family<Gauge>& depth = GaugeFamily(registry, "optfleet_queue_depth", "Entries of a bounded queue.");
  Family<Gauge>& limit = GaugeFamily(registry, "optfleet_queue_limit", "Size of a bounded queue.");
  Gauge& writable =
      GaugeFamily(
          registry, "optfleet_metrics_store_writable",
          "1 while records can be committed, 0 while the disk refuses them and they wait at the workers.")
          .Add({});

  std::mutex mutex;  // guards the snapshots
  Snapshot jobs{GaugeFamily(registry, "optfleet_jobs", "Jobs by state; ended ones by outcome.")};
  Snapshot sweeps{GaugeFamily(registry, "optfleet_sweeps", "Sweeps by state.")};
  Snapshot slots{GaugeFamily(registry, "optfleet_slots", "Slots by worker and state.")};
  Snapshot wal{GaugeFamily(registry, "optfleet_db_wal_bytes", "Size of the write-ahead log, by database.")};
  Family<Counter>& attempts = CounterFamily(registry, "optfleet_attempts_total",
                                            "Attempts that ended, by outcome; counted in the database.");
};

Metrics::Metrics(std::string_view version) : state_(std::make_unique<State>()) {
  state_->build.Add({{"version", std::string(version)}}).Set(1);
  state_->writable.Set(1);
}

Metrics::~Metrics() = default;

void Metrics::RpcDone(std::string_view method, std::string_view code, double seconds) {
  const std::string name(method);
  state_->rpc.Add({{"method", name}, {"code", std::string(code)}}).Increment();
  state_->rpc_seconds.Add({{"method", name}}, kShortTimes).Observe(seconds);
}

void Metrics::EngineLag(double seconds) { state_->lag.Observe(seconds); }

void Metrics::Commit(std::string_view database, double seconds) {
  state_->commit.Add({{"database", std::string(database)}}, kShortTimes).Observe(seconds);
}

void Metrics::Ingested(int64_t records, int64_t points) {
  state_->records.Increment(static_cast<double>(records));
  state_->points.Increment(static_cast<double>(points));
}

void Metrics::Thinned(int64_t records) { state_->thinned.Increment(static_cast<double>(records)); }

void Metrics::IngestRejected(std::string_view reason) {
  state_->rejected.Add({{"reason", std::string(reason)}}).Increment();
}

void Metrics::Queue(std::string_view queue, int64_t depth, int64_t limit) {
  const prometheus::Labels labels = {{"queue", std::string(queue)}};
  state_->depth.Add(labels).Set(static_cast<double>(depth));
  state_->limit.Add(labels).Set(static_cast<double>(limit));
}

void Metrics::MetricsStoreWritable(bool writable) { state_->writable.Set(writable ? 1 : 0); }

void Metrics::Fleet(const FleetCounts& counts) {
  const std::lock_guard lock(state_->mutex);
  const auto replace = [](Snapshot& snapshot, const char* label,
                          const std::map<std::string, int64_t>& values) {
    snapshot.Begin();
    for (const auto& [key, value] : values) snapshot.Set({{label, key}}, value);
    snapshot.End();
  };
  replace(state_->jobs, "state", counts.jobs);
  replace(state_->sweeps, "state", counts.sweeps);
  replace(state_->wal, "database", counts.wal_bytes);
  state_->slots.Begin();
  for (const SlotCount& count : counts.slots) {
    state_->slots.Set({{"worker", count.worker}, {"state", count.state}}, count.slots);
  }
  state_->slots.End();
  for (const auto& [outcome, total] : counts.attempts) {
    Counter& counter = state_->attempts.Add({{"outcome", outcome}});
    const double missing = static_cast<double>(total) - counter.Value();
    if (missing > 0) counter.Increment(missing);
  }
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace optfleet::http
