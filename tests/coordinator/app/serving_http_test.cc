// The HTTP side of a whole coordinator: the same handlers as gRPC, pages, metrics.
#include <fstream>

#include "common/json.h"
#include "tests/coordinator/app/serving.h"

namespace optfleet::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpApi : public Serving {
 protected:
  static Json BodyOf(const std::string& answer) {
    return Json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  }
};

TEST_F(HttpApi, SubmitsAndReadsASweepAsJson) {
  const Json request = {{"sweepId", "lr"},
                        {"sweep", {{"files", {{{"path", "lr.yaml"}, {"text", kSweepText}}}}}}};
  const std::string created = Exchange("POST /optfleet.v1.SweepService/CreateSweep", request.dump());
  ASSERT_THAT(created, StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(BodyOf(created)["jobCount"], 3);

  const Json jobs =
      BodyOf(Exchange("POST /optfleet.v1.JobService/ListJobs", R"({"parent": "sweeps/lr", "pageSize": 2})"));
  EXPECT_EQ(jobs["jobs"].size(), 2u);
  EXPECT_EQ(jobs["jobs"][0]["name"], "sweeps/lr/jobs/1");
  EXPECT_NE(jobs["nextPageToken"], "");
}

TEST_F(HttpApi, ErrorsAreThoseOfGrpc) {
  const std::string answer = Exchange("POST /optfleet.v1.SweepService/GetSweep", R"({"name": "sweeps/no"})");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404"));
  EXPECT_EQ(BodyOf(answer)["details"][0]["debug"]["reason"], "RESOURCE_NOT_FOUND");
}

TEST_F(HttpApi, WorkersMethodsAreNotOffered) {
  EXPECT_THAT(Exchange("POST /optfleet.v1.AgentService/Synchronize", "{}"), StartsWith("HTTP/1.1 404"));
}

TEST_F(HttpApi, MetricsTellWhatHappened) {
  Submit(NewSweep("lr"));
  const std::string text = Exchange("GET /metrics");
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(text, HasSubstr("optfleet_jobs{state=\"queued\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("optfleet_sweeps{state=\"active\"} 1\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "optfleet_rpc_requests_total{code=\"OK\",method=\"/optfleet.v1.SweepService/CreateSweep\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("optfleet_db_commit_seconds_count{database=\"state\"}"));
  EXPECT_THAT(text, HasSubstr("optfleet_db_wal_bytes{database=\"state\"}"));
  EXPECT_THAT(text, HasSubstr("optfleet_event_loop_lag_seconds_count"));
  EXPECT_THAT(text, HasSubstr("optfleet_queue_limit{queue=\"workers\"} 4096\n"));
}

TEST_F(HttpApi, HealthIsTheEngines) {
  EXPECT_THAT(Exchange("GET /healthz"), testing::EndsWith("\r\n\r\nok\n"));
}

TEST_F(HttpApi, TheEndpointFileLivesWhileItServes) {
  const std::string path = folder_ + "/state/endpoint.json";
  std::ifstream file(path);
  const Json endpoint = Json::parse(file);
  EXPECT_EQ(endpoint["grpc"], coordinator_->grpc_address().Text());
  EXPECT_EQ(endpoint["http"], coordinator_->http_address().Text());
  EXPECT_EQ(endpoint["pid"], getpid());
  coordinator_.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace optfleet::app
