// Steering sweeps and workers, trying again, extending, and asking why, on a whole coordinator.
#include "tests/coordinator/app/serving.h"

namespace optfleet::app {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

// Four points, three of which are those of kSweepText.
constexpr const char* kWiderText = R"(name: lr
model: {layers: 1, width: 16, heads: 2}
optimizer:
  name: adamw
  learning_rate: [1e-4, 1e-3, 1e-2, 1e-1]
data: {path: /data/text.txt, sequence_length: 16}
training: {batch_size: 2}
budget: {steps: 10}
)";

class SteerApi : public Serving {
 protected:
  v1::SynchronizeRequest Hello(int slots = 1) {
    v1::SynchronizeRequest request;
    request.set_worker_id("w");
    request.set_session(1);
    request.set_sequence(++sequence_);
    request.set_wire_version(1);
    request.set_host("w.lab");
    for (int i = 0; i < slots; ++i) {
      v1::Slot* slot = request.add_slots();
      slot->set_index(i);
      slot->set_kind(v1::Slot::KIND_CPU);
      slot->set_threads(1);
      slot->set_memory_bytes(int64_t{1} << 30);
    }
    return request;
  }
  // The job that the worker is given fails for good.
  void FailTheJobGivenTo(const v1::SynchronizeResponse& response) {
    ASSERT_GT(response.attempts_size(), 0);
    v1::SynchronizeRequest failed = Hello();
    v1::AttemptStatus* status = failed.add_attempts();
    status->set_attempt(response.attempts(0).attempt());
    *status->mutable_fence() = response.attempts(0).fence();
    status->set_state(v1::AttemptStatus::STATE_ENDED);
    status->add_slots(0);
    status->set_outcome(v1::OUTCOME_FAILED);
    status->set_reason("the data file has vanished");
    status->set_cause(v1::FAILURE_CAUSE_USER_ERROR);
    Synchronize(failed);
  }
  v1::ExplainJobResponse Why(const std::string& name) {
    v1::ExplainJobRequest request;
    request.set_name(name);
    v1::ExplainJobResponse response;
    const grpc::Status status = Call(*jobs_, &v1::JobService::Stub::ExplainJob, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  int EventCount(const std::string& parent) {
    v1::ListEventsRequest request;
    request.set_parent(parent);
    request.set_page_size(1000);
    v1::ListEventsResponse response;
    EXPECT_TRUE(Call(*events_, &v1::EventService::Stub::ListEvents, request, &response).ok());
    return response.events_size();
  }
  v1::ExtendSweepRequest Wider() {
    v1::ExtendSweepRequest request;
    request.set_name("sweeps/lr");
    *request.mutable_sweep() = NewSweep("lr", kWiderText).sweep();
    return request;
  }
  // Calls twice with one request id: the second call is answered alike and changes nothing.
  template <typename Stub, typename Request, typename Response>
  void Twice(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
             Request request, const std::string& subject) {
    SCOPED_TRACE(request.GetTypeName());
    request.set_request_id("once-" + request.GetTypeName());
    Response first, second;
    const grpc::Status status = Call(stub, method, request, &first);
    ASSERT_TRUE(status.ok()) << status.error_message();
    const int events = EventCount(subject);
    const grpc::Status again = Call(stub, method, request, &second);
    ASSERT_TRUE(again.ok()) << again.error_message();
    EXPECT_EQ(EventCount(subject), events) << "the repeat changed something";
  }

  int64_t sequence_ = 0;
};

TEST_F(SteerApi, WhyNamesTheReasonTheWorkersAndTheHolder) {
  Submit(NewSweep("lr"));
  EXPECT_EQ(Why("sweeps/lr/jobs/2").reason(), "no worker has connected yet");
  Synchronize(Hello());
  const v1::ExplainJobResponse why = Why("sweeps/lr/jobs/3");
  EXPECT_EQ(why.reason(), "the only slot is taken");
  EXPECT_EQ(why.ahead(), 1);
  EXPECT_EQ(why.queued(), 2);
  ASSERT_EQ(why.workers_size(), 1);
  EXPECT_EQ(why.workers(0).reason(), "has no slot free");
  EXPECT_THAT(why.holders(), ElementsAre("sweeps/lr/jobs/1/attempts/1"));
  EXPECT_EQ(why.job().reason(), why.reason()) << "job and why say the same";
  EXPECT_THAT(Why("sweeps/lr/jobs/1").reason(), HasSubstr("was given to w"));
}

TEST_F(SteerApi, WhyOfAnEndedJobSaysWhatEndedIt) {
  Submit(NewSweep("lr"));
  FailTheJobGivenTo(Synchronize(Hello()));
  const v1::ExplainJobResponse why = Why("sweeps/lr/jobs/1");
  EXPECT_EQ(why.reason(), "it ended failed: the data file has vanished");
  EXPECT_GT(why.events_size(), 2);
}

TEST_F(SteerApi, APausedSweepStaysPausedOverARestart) {
  Submit(NewSweep("lr"));
  v1::PauseSweepRequest pause;
  pause.set_name("sweeps/lr");
  v1::Sweep sweep;
  ASSERT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::PauseSweep, pause, &sweep).ok());
  EXPECT_EQ(sweep.pause(), v1::PAUSE_STOP_RUNNING);
  Restart();
  EXPECT_EQ(Synchronize(Hello()).attempts_size(), 0);
  EXPECT_EQ(GetJob("sweeps/lr/jobs/1").reason(), "its sweep is paused");
  v1::ResumeSweepRequest resume;
  resume.set_name("sweeps/lr");
  ASSERT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::ResumeSweep, resume, &sweep).ok());
  EXPECT_EQ(Synchronize(Hello()).attempts_size(), 1);
}

TEST_F(SteerApi, AFailedJobIsQueuedAgainAlsoOfASweepThatHasEnded) {
  Submit(NewSweep("lr", std::string(kSweepText) + "max_running: 1\n"));
  for (int i = 0; i < 3; ++i) FailTheJobGivenTo(Synchronize(Hello()));
  ASSERT_EQ(GetJob("sweeps/lr/jobs/3").outcome(), v1::OUTCOME_FAILED);
  Restart();
  v1::RetryJobsRequest request;
  request.set_parent("sweeps/lr");
  request.add_outcomes(v1::OUTCOME_FAILED);
  request.set_reason("the file is back");
  v1::RetryJobsResponse response;
  const grpc::Status status = Call(*jobs_, &v1::JobService::Stub::RetryJobs, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(response.jobs(), ElementsAre(1, 2, 3));
  EXPECT_EQ(response.sweep().state(), v1::Sweep::STATE_ACTIVE);
  EXPECT_THAT(GetJob("sweeps/lr/jobs/1").reason(),
              HasSubstr("tried again (the file is back), it had ended failed"));
  const v1::SynchronizeResponse answer = Synchronize(Hello());
  ASSERT_EQ(answer.attempts_size(), 1);
  EXPECT_EQ(answer.attempts(0).attempt(), "sweeps/lr/jobs/1/attempts/2");
}

TEST_F(SteerApi, OpenJobsAreNotTriedAgain) {
  Submit(NewSweep("lr"));
  v1::RetryJobsRequest request;
  request.set_parent("sweeps/lr");
  request.add_jobs(2);
  v1::RetryJobsResponse response;
  const grpc::Status status = Call(*jobs_, &v1::JobService::Stub::RetryJobs, request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("sweeps/lr/jobs/2 has not ended"));
}

TEST_F(SteerApi, AnExtensionRunsOnlyWhatIsNew) {
  Submit(NewSweep("lr"));
  v1::ExtendSweepRequest request = Wider();
  request.set_validate_only(true);
  v1::ExtendSweepResponse response;
  ASSERT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::ExtendSweep, request, &response).ok());
  EXPECT_EQ(response.new_jobs(), 1);
  EXPECT_EQ(response.sweep().job_count(), 3) << "a dry run changes nothing";
  request.set_validate_only(false);
  const grpc::Status status = Call(*sweeps_, &v1::SweepService::Stub::ExtendSweep, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.new_jobs(), 1);
  EXPECT_EQ(response.known_points(), 3);
  EXPECT_EQ(response.sweep().job_count(), 4);
  EXPECT_EQ(response.sweep().files(0).text(), kWiderText);
  EXPECT_EQ(GetJob("sweeps/lr/jobs/4").parameters(0).value(), "1e-1");
  Restart();
  EXPECT_EQ(GetJob("sweeps/lr/jobs/4").state(), v1::Job::STATE_QUEUED);
}

// In parts: 1,000 points with another axis.
TEST_F(SteerApi, ALargeExtensionIsAnsweredAsTheFirstTime) {
  Submit(NewSweep("lr"));
  v1::ExtendSweepRequest request = Wider();
  std::string seeds;
  for (int seed = 0; seed < 250; ++seed) seeds += (seed == 0 ? "" : ", ") + std::to_string(seed);
  request.mutable_sweep()->add_overrides("training.seed=[" + seeds + "]");
  request.set_request_id("large");
  v1::ExtendSweepResponse first, second;
  const grpc::Status status = Call(*sweeps_, &v1::SweepService::Stub::ExtendSweep, request, &first);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(first.new_jobs(), 997);
  EXPECT_EQ(first.known_points(), 3);
  EXPECT_EQ(first.sweep().job_count(), 1000);
  EXPECT_EQ(GetJob("sweeps/lr/jobs/1").parameters_size(), 2) << "its seed is on an axis now";
  EXPECT_EQ(GetJob("sweeps/lr/jobs/1000").parameters_size(), 2);
  ASSERT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::ExtendSweep, request, &second).ok());
  EXPECT_EQ(second.new_jobs(), 997);
  EXPECT_EQ(second.known_points(), 3);
  Restart();
  EXPECT_EQ(GetJob("sweeps/lr/jobs/1000").state(), v1::Job::STATE_QUEUED);
}

TEST_F(SteerApi, ADrainedWorkerGetsNothing) {
  Synchronize(Hello());
  v1::DrainWorkerRequest drain;
  drain.set_name("workers/w");
  v1::Worker worker;
  ASSERT_TRUE(Call(*workers_, &v1::WorkerService::Stub::DrainWorker, drain, &worker).ok());
  EXPECT_EQ(worker.drain(), v1::PAUSE_STOP_RUNNING);
  Submit(NewSweep("lr"));
  EXPECT_EQ(Synchronize(Hello()).attempts_size(), 0);
  EXPECT_EQ(GetJob("sweeps/lr/jobs/1").reason(), "no worker takes new attempts: w is draining");
}

TEST_F(SteerApi, EachChangingCallMayBeRepeated) {
  v1::CreateSweepRequest create = NewSweep("lr");
  Twice(*sweeps_, &v1::SweepService::Stub::CreateSweep, create, "sweeps/lr");
  Synchronize(Hello());
  v1::UpdateSweepRequest update;
  update.mutable_sweep()->set_name("sweeps/lr");
  update.mutable_sweep()->set_priority(3);
  update.mutable_update_mask()->add_paths("priority");
  Twice(*sweeps_, &v1::SweepService::Stub::UpdateSweep, update, "sweeps/lr");
  v1::PauseSweepRequest pause;
  pause.set_name("sweeps/lr");
  Twice(*sweeps_, &v1::SweepService::Stub::PauseSweep, pause, "sweeps/lr");
  v1::ResumeSweepRequest resume;
  resume.set_name("sweeps/lr");
  Twice(*sweeps_, &v1::SweepService::Stub::ResumeSweep, resume, "sweeps/lr");
  v1::DrainWorkerRequest drain;
  drain.set_name("workers/w");
  Twice(*workers_, &v1::WorkerService::Stub::DrainWorker, drain, "workers/w");
  v1::UndrainWorkerRequest undrain;
  undrain.set_name("workers/w");
  Twice(*workers_, &v1::WorkerService::Stub::UndrainWorker, undrain, "workers/w");
  v1::CancelJobRequest cancel_job;
  cancel_job.set_name("sweeps/lr/jobs/3");
  Twice(*jobs_, &v1::JobService::Stub::CancelJob, cancel_job, "sweeps/lr");
  v1::CancelJobsRequest cancel_jobs;
  cancel_jobs.set_parent("sweeps/lr");
  cancel_jobs.add_jobs(2);
  Twice(*jobs_, &v1::JobService::Stub::CancelJobs, cancel_jobs, "sweeps/lr");
  Twice(*sweeps_, &v1::SweepService::Stub::ExtendSweep, Wider(), "sweeps/lr");
  v1::CancelSweepRequest cancel;
  cancel.set_name("sweeps/lr");
  Twice(*sweeps_, &v1::SweepService::Stub::CancelSweep, cancel, "sweeps/lr");
  v1::Sweep other = Submit(NewSweep("other"));
  ASSERT_TRUE(other.job_count() > 0);
  v1::CancelSweepRequest end;
  end.set_name("sweeps/other");
  v1::Sweep ended;
  ASSERT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::CancelSweep, end, &ended).ok());
  v1::RetryJobsRequest retry;
  retry.set_parent("sweeps/other");
  retry.add_outcomes(v1::OUTCOME_CANCELLED);
  Twice(*jobs_, &v1::JobService::Stub::RetryJobs, retry, "sweeps/other");
}

TEST_F(SteerApi, MistakesNameTheField) {
  v1::UpdateSweepRequest update;
  update.mutable_sweep()->set_name("sweeps/lr");
  update.mutable_update_mask()->add_paths("objective");
  v1::Sweep sweep;
  grpc::Status status = Call(*sweeps_, &v1::SweepService::Stub::UpdateSweep, update, &sweep);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("priority, max_running, guard.device_hours"));
  v1::DrainWorkerRequest drain;
  drain.set_name("workers/nobody");
  v1::Worker worker;
  status = Call(*workers_, &v1::WorkerService::Stub::DrainWorker, drain, &worker);
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(status).resource_name(), "workers/nobody");
}

}  // namespace
}  // namespace optfleet::app
