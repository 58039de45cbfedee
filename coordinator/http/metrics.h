// What /metrics tells, by prometheus-cpp, which only this file's source sees. Names and labels are documented
// in docs/operations (Prometheus conventions: base units, _total on counters, bounded labels). Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace optfleet::http {

struct SlotCount {
  std::string worker;  // id
  std::string state;   // "used", "free", "draining", "unreachable"
  int64_t slots = 0;
};

// The gauges that are read from the database when somebody asks; what is absent from a newer value
// disappears.
struct FleetCounts {
  std::map<std::string, int64_t> jobs;      // by state, ended ones by outcome
  std::map<std::string, int64_t> sweeps;    // by state
  std::map<std::string, int64_t> attempts;  // ended, by outcome
  std::vector<SlotCount> slots;
  std::map<std::string, int64_t> wal_bytes;  // by database, "state" and "metrics"
};

class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void RpcDone(std::string_view method, std::string_view code, double seconds);
  void EngineLag(double seconds);                          // from posting an input to handling it
  void Commit(std::string_view database, double seconds);  // "state" or "metrics"
  void Ingested(int64_t records, int64_t points);          // after their commit
  void Thinned(int64_t records);                           // deleted by retention
  void IngestRejected(std::string_view reason);            // as MetricsWriterHooks
  void Queue(std::string_view queue, int64_t depth, int64_t limit);
  void MetricsStoreWritable(bool writable);
  void Fleet(const FleetCounts& counts);

  // Prometheus text format 0.0.4.
  std::string Text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace optfleet::http
