#include "coordinator/http/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::http {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, CountsWhatItIsTold) {
  Metrics metrics("1.2.3");
  metrics.RpcDone("/optfleet.v1.SweepService/GetSweep", "OK", 0.002);
  metrics.RpcDone("/optfleet.v1.SweepService/GetSweep", "OK", 0.002);
  metrics.Ingested(10, 70);
  metrics.Commit("state", 0.003);
  metrics.EngineLag(0.0001);
  metrics.Queue("engine", 3, 4096);
  metrics.MetricsStoreWritable(false);

  const std::string text = metrics.Text();

  EXPECT_THAT(text, HasSubstr("optfleet_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "optfleet_rpc_requests_total{code=\"OK\",method=\"/optfleet.v1.SweepService/GetSweep\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("optfleet_ingest_records_total 10\n"));
  EXPECT_THAT(text, HasSubstr("optfleet_ingest_points_total 70\n"));
  EXPECT_THAT(text, HasSubstr("optfleet_db_commit_seconds_count{database=\"state\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("optfleet_event_loop_lag_seconds_count 1\n"));
  EXPECT_THAT(text, HasSubstr("optfleet_queue_depth{queue=\"engine\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("optfleet_queue_limit{queue=\"engine\"} 4096\n"));
  EXPECT_THAT(text, HasSubstr("optfleet_metrics_store_writable 0\n"));
}

TEST(Metrics, AWorkerThatLeftIsNotShownAnyMore) {
  Metrics metrics("1");
  FleetCounts counts;
  counts.jobs = {{"queued", 5}, {"running", 2}};
  counts.slots = {{"gpu01", "used", 1}, {"gpu02", "free", 4}};
  metrics.Fleet(counts);
  EXPECT_THAT(metrics.Text(), HasSubstr("optfleet_slots{state=\"free\",worker=\"gpu02\"} 4\n"));

  counts.jobs = {{"running", 3}};
  counts.slots = {{"gpu01", "used", 1}};
  metrics.Fleet(counts);

  EXPECT_THAT(metrics.Text(), HasSubstr("optfleet_jobs{state=\"running\"} 3\n"));
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("gpu02")));
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("queued")));
}

TEST(Metrics, AttemptsOnlyGrow) {
  Metrics metrics("1");
  FleetCounts counts;
  counts.attempts = {{"succeeded", 3}};
  metrics.Fleet(counts);
  metrics.Fleet(counts);
  EXPECT_THAT(metrics.Text(), HasSubstr("optfleet_attempts_total{outcome=\"succeeded\"} 3\n"));
  counts.attempts["succeeded"] = 5;
  metrics.Fleet(counts);
  EXPECT_THAT(metrics.Text(), HasSubstr("optfleet_attempts_total{outcome=\"succeeded\"} 5\n"));
}

}  // namespace
}  // namespace optfleet::http
