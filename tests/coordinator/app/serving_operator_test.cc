// The operator's methods on a whole coordinator.
#include <google/protobuf/empty.pb.h>
#include <grpcpp/impl/codegen/client_unary_call.h>

#include "coordinator/store/state_store.h"
#include "optfleet/v1/maintenance.pb.h"
#include "tests/coordinator/app/serving.h"

namespace optfleet::app {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class OperatorApi : public Serving {
 protected:
  grpc::Status Create(const v1::CreateSweepRequest& request, v1::Sweep* sweep) {
    return Call(*sweeps_, &v1::SweepService::Stub::CreateSweep, request, sweep);
  }
  grpc::Status GetSweep(const std::string& name, v1::Sweep* sweep) {
    v1::GetSweepRequest request;
    request.set_name(name);
    return Call(*sweeps_, &v1::SweepService::Stub::GetSweep, request, sweep);
  }
  grpc::Status ListJobs(const v1::ListJobsRequest& request, v1::ListJobsResponse* response) {
    return Call(*jobs_, &v1::JobService::Stub::ListJobs, request, response);
  }
};

TEST_F(OperatorApi, ASweepIsExpandedAndShown) {
  const v1::Sweep created = Submit(NewSweep("lr"));

  EXPECT_EQ(created.name(), "sweeps/lr");
  EXPECT_EQ(created.display_name(), "lr");
  EXPECT_EQ(created.state(), v1::Sweep::STATE_ACTIVE);
  EXPECT_EQ(created.job_count(), 3);
  EXPECT_THAT(created.axes(), ElementsAre("optimizer.learning_rate"));
  EXPECT_EQ(created.files(0).text(), kSweepText);
  ASSERT_EQ(created.counts_size(), 1);
  EXPECT_EQ(created.counts(0).state(), "queued");
  EXPECT_EQ(created.counts(0).count(), 3);

  v1::Sweep read;
  ASSERT_TRUE(GetSweep("sweeps/lr", &read).ok());
  EXPECT_EQ(read.SerializeAsString(), created.SerializeAsString());

  v1::GetJobRequest request;
  request.set_name("sweeps/lr/jobs/2");
  v1::Job job;
  ASSERT_TRUE(Call(*jobs_, &v1::JobService::Stub::GetJob, request, &job).ok());
  EXPECT_EQ(job.state(), v1::Job::STATE_QUEUED);
  EXPECT_EQ(job.parameters(0).value(), "1e-3");
  EXPECT_EQ(job.total_steps(), 10);
  EXPECT_NE(job.reason(), "") << "a job that waits must say why";
  EXPECT_EQ(job.spec_hash().size(), 64u);
  EXPECT_THAT(job.spec_json(), HasSubstr("\"learning_rate\":0.001"));
}

TEST_F(OperatorApi, TheSameRequestTwiceIsOneSweepAlsoOverARestart) {
  v1::CreateSweepRequest request = NewSweep("");
  request.set_request_id("4f0a5f0e-6a1c-4a57-9c56-0d6c3c2d8f11");
  const v1::Sweep first = Submit(request);
  EXPECT_EQ(Submit(request).name(), first.name());
  Restart();
  EXPECT_EQ(Submit(request).name(), first.name());

  v1::ListSweepsResponse all;
  ASSERT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::ListSweeps, v1::ListSweepsRequest(), &all).ok());
  EXPECT_EQ(all.sweeps_size(), 1);

  request.mutable_sweep()->add_overrides("training.seed=1");
  v1::Sweep other;
  EXPECT_EQ(Create(request, &other).error_code(), StatusCode::INVALID_ARGUMENT)
      << "the id belongs to another request";
}

TEST_F(OperatorApi, ATakenIdIsRefusedWithTheResource) {
  Submit(NewSweep("lr"));
  v1::Sweep sweep;
  const grpc::Status status = Create(NewSweep("lr"), &sweep);
  EXPECT_EQ(status.error_code(), StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(ReasonOf(status), "RESOURCE_ALREADY_EXISTS");
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(status).resource_name(), "sweeps/lr");
}

TEST_F(OperatorApi, AllMistakesOfASweepComeBackWithTheirPlaces) {
  v1::CreateSweepRequest request = NewSweep("lr", "model: {widht: 16}\ntraining: {batch_size: 2.5}\n");
  request.mutable_sweep()->add_overrides("optimizer.name=lion2");
  v1::Sweep sweep;
  const grpc::Status status = Create(request, &sweep);

  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "SWEEP_INVALID");
  EXPECT_THAT(status.error_message(), HasSubstr("lr.yaml:1:9: unknown key `widht`"));
  std::vector<std::string> fields;
  const auto bad_request = DetailOf<google::rpc::BadRequest>(status);
  for (const auto& violation : bad_request.field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, testing::IsSupersetOf({testing::StartsWith("sweep.files[0]:1:9"),
                                             testing::StartsWith("sweep.files[0]:2:"),
                                             testing::StartsWith("sweep.overrides[0]:1:")}));
  EXPECT_EQ(GetSweep("sweeps/lr", &sweep).error_code(), StatusCode::NOT_FOUND);
}

TEST_F(OperatorApi, ValidateOnlyAnswersAndChangesNothing) {
  v1::CreateSweepRequest request = NewSweep("lr");
  request.set_validate_only(true);
  v1::Sweep sweep;
  ASSERT_TRUE(Create(request, &sweep).ok());
  EXPECT_EQ(sweep.name(), "sweeps/lr");
  EXPECT_EQ(sweep.job_count(), 3);
  EXPECT_EQ(GetSweep("sweeps/lr", &sweep).error_code(), StatusCode::NOT_FOUND);

  Submit(NewSweep("lr"));
  EXPECT_EQ(Create(request, &sweep).error_code(), StatusCode::ALREADY_EXISTS)
      << "fails where the real call would";
}

TEST_F(OperatorApi, CancellingASweepEndsItsJobsAndMayBeRepeated) {
  Submit(NewSweep("lr"));
  v1::CancelSweepRequest request;
  request.set_name("sweeps/lr");
  request.set_reason("wrong data");
  for (int i = 0; i < 2; ++i) {
    v1::Sweep sweep;
    const grpc::Status status = Call(*sweeps_, &v1::SweepService::Stub::CancelSweep, request, &sweep);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(sweep.state(), v1::Sweep::STATE_CANCELLED);
    EXPECT_EQ(sweep.progress(), 1);
    ASSERT_EQ(sweep.counts_size(), 1);
    EXPECT_EQ(sweep.counts(0).state(), "cancelled");
  }
}

TEST_F(OperatorApi, CancellingAJobLeavesTheOthers) {
  Submit(NewSweep("lr"));
  v1::CancelJobRequest request;
  request.set_name("sweeps/lr/jobs/2");
  request.set_reason("not needed");
  v1::Job job;
  ASSERT_TRUE(Call(*jobs_, &v1::JobService::Stub::CancelJob, request, &job).ok());
  EXPECT_EQ(job.state(), v1::Job::STATE_ENDED);
  EXPECT_EQ(job.outcome(), v1::OUTCOME_CANCELLED);
  EXPECT_THAT(job.reason(), HasSubstr("not needed"));
  v1::Sweep sweep;
  ASSERT_TRUE(GetSweep("sweeps/lr", &sweep).ok());
  EXPECT_EQ(sweep.state(), v1::Sweep::STATE_ACTIVE);
}

TEST_F(OperatorApi, PagesHoldEveryJobOnce) {
  Submit(NewSweep("a"));
  Submit(NewSweep("b"));
  v1::ListJobsRequest request;
  request.set_parent("sweeps/-");
  request.set_page_size(2);
  std::vector<std::string> names;
  v1::ListJobsResponse page;
  do {
    ASSERT_TRUE(ListJobs(request, &page).ok());
    ASSERT_LE(page.jobs_size(), 2);
    for (const v1::Job& job : page.jobs()) names.push_back(job.name());
    request.set_page_token(page.next_page_token());
  } while (!page.next_page_token().empty());
  EXPECT_THAT(names, ElementsAre("sweeps/a/jobs/1", "sweeps/a/jobs/2", "sweeps/a/jobs/3", "sweeps/b/jobs/1",
                                 "sweeps/b/jobs/2", "sweeps/b/jobs/3"));

  request.set_page_token("");
  request.set_parent("sweeps/a");
  request.set_page_size(3);
  ASSERT_TRUE(ListJobs(request, &page).ok());
  EXPECT_EQ(page.next_page_token(), "") << "a full last page is the last";
}

TEST_F(OperatorApi, SweepsAreListedNewestFirst) {
  for (const char* id : {"a", "b", "c"}) Submit(NewSweep(id));
  v1::ListSweepsRequest request;
  request.set_page_size(2);
  v1::ListSweepsResponse first;
  v1::ListSweepsResponse second;
  ASSERT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::ListSweeps, request, &first).ok());
  request.set_page_token(first.next_page_token());
  ASSERT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::ListSweeps, request, &second).ok());
  ASSERT_EQ(first.sweeps_size(), 2);
  ASSERT_EQ(second.sweeps_size(), 1);
  EXPECT_EQ(first.sweeps(0).name(), "sweeps/c");
  EXPECT_EQ(first.sweeps(1).name(), "sweeps/b");
  EXPECT_EQ(second.sweeps(0).name(), "sweeps/a");
  EXPECT_EQ(second.next_page_token(), "");
  EXPECT_EQ(first.sweeps(0).files_size(), 0) << "lists do not carry the files";
}

TEST_F(OperatorApi, BadPagesAreRefused) {
  Submit(NewSweep("a"));
  v1::ListJobsRequest request;
  request.set_parent("sweeps/a");
  request.set_page_size(-1);
  v1::ListJobsResponse page;
  EXPECT_EQ(ListJobs(request, &page).error_code(), StatusCode::INVALID_ARGUMENT);
  request.set_page_size(1);
  ASSERT_TRUE(ListJobs(request, &page).ok());
  request.set_page_token(page.next_page_token());
  request.set_parent("sweeps/-");
  const grpc::Status status = ListJobs(request, &page);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << "a token belongs to its parent";
  EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status).field_violations(0).field(), "page_token");
}

TEST_F(OperatorApi, WhatIsNotThereIsNotFoundByName) {
  v1::Sweep sweep;
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(GetSweep("sweeps/no", &sweep)).resource_name(), "sweeps/no");
  Submit(NewSweep("lr"));
  v1::GetJobRequest get_job;
  get_job.set_name("sweeps/lr/jobs/99");
  v1::Job job;
  const grpc::Status no_job = Call(*jobs_, &v1::JobService::Stub::GetJob, get_job, &job);
  EXPECT_EQ(no_job.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(no_job).resource_type(), "optfleet.v1.Job");
  v1::CancelJobRequest cancel;
  cancel.set_name("sweeps/lr/jobs/99");
  EXPECT_EQ(Call(*jobs_, &v1::JobService::Stub::CancelJob, cancel, &job).error_code(), StatusCode::NOT_FOUND);
  v1::ListJobsRequest list;
  list.set_parent("sweeps/no");
  v1::ListJobsResponse page;
  EXPECT_EQ(ListJobs(list, &page).error_code(), StatusCode::NOT_FOUND);
  v1::GetAttemptRequest get_attempt;
  get_attempt.set_name("sweeps/lr/jobs/1/attempts/1");
  v1::Attempt attempt;
  EXPECT_EQ(Call(*attempts_, &v1::AttemptService::Stub::GetAttempt, get_attempt, &attempt).error_code(),
            StatusCode::NOT_FOUND);
  v1::QueryMetricsRequest query;
  query.set_job("sweeps/lr/jobs/99");
  v1::QueryMetricsResponse series;
  EXPECT_EQ(Call(*metrics_, &v1::MetricService::Stub::QueryMetrics, query, &series).error_code(),
            StatusCode::NOT_FOUND);
}

TEST_F(OperatorApi, NamesOfAnotherFormAreTheCallersMistake) {
  v1::Sweep sweep;
  for (const char* name : {"", "lr", "sweeps/", "sweeps/LR", "jobs/1", "sweeps/a/jobs/1"}) {
    const grpc::Status status = GetSweep(name, &sweep);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status).field_violations(0).field(), "name");
  }
}

TEST_F(OperatorApi, ALargeSweepComesWhole) {
  std::string text = kSweepText;
  std::string seeds;
  for (int seed = 0; seed < 500; ++seed) seeds += (seed == 0 ? "" : ", ") + std::to_string(seed);
  const std::string training = "training: {batch_size: 2}";
  text.replace(text.find(training), training.size(), "training: {batch_size: 2, seed: [" + seeds + "]}");
  v1::CreateSweepRequest request = NewSweep("large", text);
  request.set_request_id("large-1");
  request.set_validate_only(true);
  EXPECT_EQ(Submit(request).job_count(), 1500);
  request.set_validate_only(false);
  const v1::Sweep sweep = Submit(request);
  EXPECT_EQ(sweep.state(), v1::Sweep::STATE_ACTIVE);
  EXPECT_EQ(sweep.job_count(), 1500);
  EXPECT_EQ(Submit(request).name(), sweep.name()) << "a repeat makes no second one";
  v1::GetJobRequest last;
  last.set_name("sweeps/large/jobs/1500");
  v1::Job job;
  ASSERT_TRUE(Call(*jobs_, &v1::JobService::Stub::GetJob, last, &job).ok());
  EXPECT_THAT(job.spec_json(), testing::HasSubstr("\"seed\":499"));
  Restart();
  v1::GetSweepRequest get;
  get.set_name(sweep.name());
  v1::Sweep again;
  ASSERT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::GetSweep, get, &again).ok());
  ASSERT_EQ(again.counts_size(), 1);
  EXPECT_EQ(again.counts(0).count(), 1500);
}

TEST_F(OperatorApi, InfoTellsVersionsAndTheWebAddress) {
  v1::GetInfoResponse info;
  ASSERT_TRUE(Call(*system_, &v1::SystemService::Stub::GetInfo, v1::GetInfoRequest(), &info).ok());
  EXPECT_EQ(info.wire_version(), 1);
  EXPECT_GT(info.incarnation(), 1);
  EXPECT_EQ(info.schema_version(), store::kStateSchemaVersion);
  EXPECT_EQ(info.http_address(), coordinator_->http_address().Text());
  EXPECT_GT(info.start_time().seconds(), 0);
}

// An empty message is a good one of every type, and at worst a bad request.
TEST_F(OperatorApi, EveryMethodOfTheWireIsServed) {
  const auto channel =
      grpc::CreateChannel(coordinator_->grpc_address().Text(), grpc::InsecureChannelCredentials());
  int called = 0;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Sweep::descriptor()->file(), v1::SynchronizeRequest::descriptor()->file(),
        v1::CreateBackupRequest::descriptor()->file()})
    for (int i = 0; i < file->service_count(); ++i)
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        const google::protobuf::MethodDescriptor& method = *file->service(i)->method(j);
        const std::string path = "/" + method.service()->full_name() + "/" + method.name();
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
        const grpc::internal::RpcMethod call(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC, channel);
        google::protobuf::Empty empty, answer;  // reads every message as fields that it does not know
        const grpc::Status status =
            grpc::internal::BlockingUnaryCall<google::protobuf::Empty, google::protobuf::Empty,
                                              grpc::protobuf::MessageLite, grpc::protobuf::MessageLite>(
                channel.get(), call, &context, empty, &answer);
        EXPECT_NE(status.error_code(), StatusCode::UNIMPLEMENTED) << path;
        ++called;
      }
  EXPECT_GT(called, 30);
}

}  // namespace
}  // namespace optfleet::app
