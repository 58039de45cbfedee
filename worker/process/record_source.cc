#include "worker/process/record_source.h"

#include "common/rundir/layout.h"

namespace optfleet::worker {
namespace {

constexpr size_t kMostRecords = 4096;
constexpr size_t kMostPoints = 70000;  // 12 to 15 bytes each on the wire

}  // namespace

Result<RecordBatch> RecordSource::Read(const std::string& folder, int64_t after) {
  auto& log = logs_[folder];
  if (!log || log->last_number() != after) {
    log = std::make_unique<rundir::LogReader>(folder + "/" + rundir::kMetricsLog);
    if (const auto skipped = log->SkipTo(after); !skipped) {
      logs_.erase(folder);
      return Fail(skipped.error());
    }
  }
  RecordBatch batch;
  size_t points = 0;
  while (batch.records.size() < kMostRecords && points < kMostPoints) {
    auto records = log->Read(64);
    if (!records && !batch.records.empty()) break;  // the damage is told by the next call
    if (!records) return Fail(records.error());
    if (records->empty()) break;
    for (auto& record : *records) {
      points += record.points.size();
      batch.records.push_back(std::move(record));
    }
  }
  batch.keys = log->keys();
  return batch;
}

}  // namespace optfleet::worker
