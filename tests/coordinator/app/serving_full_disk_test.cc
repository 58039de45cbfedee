// metrics.db cannot grow any more while everything else can: leases go on, records wait, and are taken once
// there is room again. The limit on file sizes (RLIMIT_FSIZE) stands in for the full disk.
#include <sys/resource.h>

#include <csignal>

#include "tests/coordinator/app/serving.h"

namespace optfleet::app {
namespace {

class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

class FullDisk : public Serving {
 protected:
  v1::SynchronizeResponse Synchronize() {
    v1::SynchronizeRequest request;
    request.set_worker_id("gpu01");
    request.set_session(1);
    request.set_sequence(++sequence_);
    request.set_wire_version(1);
    request.add_slots()->set_kind(v1::Slot::KIND_CPU);
    return Serving::Synchronize(request);
  }

  // The next thousand records; `held` moves on if they are taken.
  grpc::Status Report(const v1::DesiredAttempt& attempt, int64_t* held) {
    v1::ReportMetricsRequest request;
    v1::AttemptRecords* records = request.add_attempts();
    records->set_attempt(attempt.attempt());
    *records->mutable_fence() = attempt.fence();
    v1::RecordBatch* batch = records->mutable_records();
    batch->add_keys("loss");
    batch->set_first_record(*held + 1);
    for (int64_t i = 1; i <= 1000; ++i) {
      batch->add_steps(*held + i);
      batch->add_time_us(1);
      batch->add_point_counts(1);
      batch->add_key_index(0);
      batch->add_values(1.0 / static_cast<double>(*held + i));
    }
    v1::ReportMetricsResponse response;
    const grpc::Status status = Call(*agent_, &v1::AgentService::Stub::ReportMetrics, request, &response);
    if (status.ok()) *held = response.held(0).record();
    return status;
  }

  int64_t sequence_ = 0;
};

TEST_F(FullDisk, RecordsWaitAndLeasesGoOn) {
  Submit(NewSweep("lr"));
  const v1::DesiredAttempt attempt = Synchronize().attempts(0);
  int64_t held = 0;
  ASSERT_TRUE(Report(attempt, &held).ok());
  ASSERT_EQ(held, 1000);
  {
    const FileSizeLimit limit(600 << 10);
    grpc::Status status;
    for (int i = 0; i < 200 && status.ok(); ++i) status = Report(attempt, &held);
    ASSERT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
    EXPECT_GT(DetailOf<google::rpc::RetryInfo>(status).retry_delay().seconds() * 1000 +
                  DetailOf<google::rpc::RetryInfo>(status).retry_delay().nanos() / 1'000'000,
              0);

    const std::string page = Exchange("GET /metrics");
    EXPECT_THAT(page, testing::HasSubstr("optfleet_ingest_rejected_total{reason=\"not_writable\"} 1\n"));
    EXPECT_THAT(page, testing::HasSubstr("optfleet_metrics_store_writable 0\n"));
    EXPECT_EQ(Synchronize().lease_ms(), 600'000) << "the lease depends on the metrics stream";
    Submit(NewSweep("other"));
  }
  grpc::Status status = Report(attempt, &held);
  const int64_t before = held;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!status.ok() && std::chrono::steady_clock::now() < end) status = Report(attempt, &held);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_GE(held, before);

  v1::QueryMetricsRequest query;
  query.set_job("sweeps/lr/jobs/1");
  v1::QueryMetricsResponse series;
  ASSERT_TRUE(Call(*metrics_, &v1::MetricService::Stub::QueryMetrics, query, &series).ok());
  ASSERT_EQ(series.series(0).steps_size(), held) << "a step is missing or double";
  for (int64_t i = 0; i < held; ++i) ASSERT_EQ(series.series(0).steps(static_cast<int>(i)), i + 1);
}

}  // namespace
}  // namespace optfleet::app
