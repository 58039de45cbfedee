// The workers' methods on a whole coordinator: a worker that exists only as messages trains a job.
#include <cmath>

#include "tests/coordinator/app/serving.h"

namespace optfleet::app {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class WorkerApi : public Serving {
 protected:
  v1::SynchronizeRequest State() {
    v1::SynchronizeRequest request;
    request.set_worker_id("gpu01");
    request.set_session(11);
    request.set_sequence(++sequence_);
    request.set_wire_version(1);
    request.set_version("0.1.0");
    request.set_host("gpu01.lab");
    v1::Slot* slot = request.add_slots();
    slot->set_kind(v1::Slot::KIND_CPU);
    slot->set_threads(1);
    return request;
  }
  grpc::Status TrySynchronize(const v1::SynchronizeRequest& request, v1::SynchronizeResponse* response) {
    return Call(*agent_, &v1::AgentService::Stub::Synchronize, request, response);
  }
  // Registers and takes the first job.
  v1::DesiredAttempt TakeJob() {
    Submit(NewSweep("lr"));
    v1::SynchronizeResponse response;
    EXPECT_TRUE(TrySynchronize(State(), &response).ok());
    EXPECT_EQ(response.attempts_size(), 1);
    return response.attempts_size() > 0 ? response.attempts(0) : v1::DesiredAttempt();
  }
  v1::SynchronizeRequest StateWith(const v1::DesiredAttempt& attempt, v1::AttemptStatus::State state) {
    v1::SynchronizeRequest request = State();
    v1::AttemptStatus* status = request.add_attempts();
    status->set_attempt(attempt.attempt());
    *status->mutable_fence() = attempt.fence();
    status->set_state(state);
    status->add_slots(0);
    status->set_trainer_pid(4242);
    return request;
  }
  // Records first..first+losses-1, one step each.
  static v1::ReportMetricsRequest Report(const v1::DesiredAttempt& attempt, int64_t first,
                                         const std::vector<double>& losses) {
    v1::ReportMetricsRequest request;
    request.set_worker_id("gpu01");
    request.set_session(11);
    v1::AttemptRecords* records = request.add_attempts();
    records->set_attempt(attempt.attempt());
    *records->mutable_fence() = attempt.fence();
    v1::RecordBatch* batch = records->mutable_records();
    batch->add_keys("loss");
    batch->set_first_record(first);
    for (size_t i = 0; i < losses.size(); ++i) {
      batch->add_steps(first + static_cast<int64_t>(i));
      batch->add_time_us(1'700'000'000'000'000 + static_cast<int64_t>(i));
      batch->add_point_counts(1);
      batch->add_key_index(0);
      batch->add_values(losses[i]);
    }
    return request;
  }
  int64_t Held(const v1::ReportMetricsRequest& request) {
    v1::ReportMetricsResponse response;
    const grpc::Status status = Call(*agent_, &v1::AgentService::Stub::ReportMetrics, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.held_size() == 1 ? response.held(0).record() : -1;
  }
  v1::QueryMetricsResponse Query(int32_t buckets) {
    v1::QueryMetricsRequest request;
    request.set_job("sweeps/lr/jobs/1");
    request.set_buckets(buckets);
    v1::QueryMetricsResponse response;
    const grpc::Status status = Call(*metrics_, &v1::MetricService::Stub::QueryMetrics, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  int64_t sequence_ = 0;
};

TEST_F(WorkerApi, AWorkerGetsAJobAndIsShown) {
  const v1::DesiredAttempt attempt = TakeJob();
  EXPECT_EQ(attempt.attempt(), "sweeps/lr/jobs/1/attempts/1");
  EXPECT_EQ(attempt.action(), v1::DesiredAttempt::ACTION_RUN);
  EXPECT_GT(attempt.fence().incarnation(), 1);
  EXPECT_EQ(attempt.fence().attempt(), 1);
  EXPECT_THAT(attempt.slots(), ElementsAre(0));
  EXPECT_THAT(attempt.spec_json(), HasSubstr("\"steps\":10"));

  v1::ListWorkersResponse workers;
  ASSERT_TRUE(
      Call(*workers_, &v1::WorkerService::Stub::ListWorkers, v1::ListWorkersRequest(), &workers).ok());
  ASSERT_EQ(workers.workers_size(), 1);
  EXPECT_EQ(workers.workers(0).name(), "workers/gpu01");
  EXPECT_EQ(workers.workers(0).state(), v1::Worker::STATE_READY);
  EXPECT_EQ(workers.workers(0).host(), "gpu01.lab");
  EXPECT_THAT(workers.workers(0).attempts(), ElementsAre(attempt.attempt()));
}

TEST_F(WorkerApi, RecordsAreHeldOnceHoweverOftenTheyCome) {
  const v1::DesiredAttempt attempt = TakeJob();
  const v1::ReportMetricsRequest report = Report(attempt, 1, {3.0, NAN, 2.0});
  EXPECT_EQ(Held(report), 3);
  EXPECT_EQ(Held(report), 3);
  EXPECT_EQ(Held(Report(attempt, 5, {1.0})), 3) << "a gap must not be taken";
  EXPECT_EQ(Held(Report(attempt, 3, {2.0, 1.5})), 4);

  const v1::QueryMetricsResponse all = Query(0);
  ASSERT_EQ(all.series_size(), 1);
  EXPECT_THAT(all.series(0).steps(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(all.series(0).last(), ElementsAre(3.0, testing::IsNan(), 2.0, 1.5));
  EXPECT_EQ(all.series(0).min_size(), 0);
  EXPECT_THAT(all.series(0).attempts(), ElementsAre(1, 1, 1, 1));

  const v1::QueryMetricsResponse thin = Query(2);
  EXPECT_THAT(thin.series(0).steps(), ElementsAre(2, 4));
  EXPECT_THAT(thin.series(0).min(), ElementsAre(3.0, 1.5));
  EXPECT_THAT(thin.series(0).max(), ElementsAre(3.0, 2.0));
}

TEST_F(WorkerApi, AnOutcomeCountsOnceItsRecordsAreHeld) {
  const v1::DesiredAttempt attempt = TakeJob();
  v1::SynchronizeResponse response;
  ASSERT_TRUE(TrySynchronize(StateWith(attempt, v1::AttemptStatus::STATE_RUNNING), &response).ok());
  v1::SynchronizeRequest ended = StateWith(attempt, v1::AttemptStatus::STATE_ENDED);
  ended.mutable_attempts(0)->set_outcome(v1::OUTCOME_DIVERGED);
  ended.mutable_attempts(0)->set_reason("loss is NaN at step 3");
  ended.mutable_attempts(0)->set_last_record(3);
  ended.mutable_attempts(0)->set_log_tail("step 3: loss nan\n");
  v1::Figure* figure = ended.mutable_attempts(0)->add_final();
  figure->set_key("val_loss");
  figure->set_value(INFINITY);
  ASSERT_TRUE(TrySynchronize(ended, &response).ok());

  v1::GetAttemptRequest get;
  get.set_name(attempt.attempt());
  v1::Attempt shown;
  ASSERT_TRUE(Call(*attempts_, &v1::AttemptService::Stub::GetAttempt, get, &shown).ok());
  EXPECT_EQ(shown.state(), v1::Attempt::STATE_FINISHING);
  EXPECT_EQ(shown.trainer_pid(), 4242);

  EXPECT_EQ(Held(Report(attempt, 1, {3.0, 4.0, NAN})), 3);
  ended.set_sequence(++sequence_);
  ASSERT_TRUE(TrySynchronize(ended, &response).ok());

  ASSERT_TRUE(Call(*attempts_, &v1::AttemptService::Stub::GetAttempt, get, &shown).ok());
  EXPECT_EQ(shown.state(), v1::Attempt::STATE_ENDED);
  EXPECT_EQ(shown.outcome(), v1::OUTCOME_DIVERGED);
  EXPECT_EQ(shown.held_record(), 3);
  ASSERT_EQ(shown.final_size(), 1);
  EXPECT_TRUE(std::isinf(shown.final(0).value()));
  v1::GetAttemptLogRequest get_log;
  get_log.set_name(attempt.attempt());
  v1::GetAttemptLogResponse log;
  ASSERT_TRUE(Call(*attempts_, &v1::AttemptService::Stub::GetAttemptLog, get_log, &log).ok());
  EXPECT_EQ(log.text(), "step 3: loss nan\n");
  v1::ListAttemptsRequest list;
  list.set_parent("sweeps/lr/jobs/1");
  v1::ListAttemptsResponse attempts;
  ASSERT_TRUE(Call(*attempts_, &v1::AttemptService::Stub::ListAttempts, list, &attempts).ok());
  EXPECT_EQ(attempts.attempts_size(), 1);
}

TEST_F(WorkerApi, ARestartKeepsAttemptsAndRecords) {
  const v1::DesiredAttempt attempt = TakeJob();
  EXPECT_EQ(Held(Report(attempt, 1, {3.0, 2.0})), 2);

  Restart();

  v1::SynchronizeResponse response;
  ASSERT_TRUE(TrySynchronize(StateWith(attempt, v1::AttemptStatus::STATE_RUNNING), &response).ok());
  EXPECT_EQ(response.incarnation(), attempt.fence().incarnation());
  ASSERT_EQ(response.attempts_size(), 1);
  EXPECT_EQ(response.attempts(0).attempt(), attempt.attempt());
  ASSERT_EQ(response.held_size(), 1);
  EXPECT_EQ(response.held(0).record(), 2);
  EXPECT_EQ(Held(Report(attempt, 2, {2.0, 1.0})), 3);
}

TEST_F(WorkerApi, AnOlderProcessOfAWorkerIsRefused) {
  TakeJob();
  v1::SynchronizeRequest newer = State();
  newer.set_session(12);
  newer.set_sequence(1);
  v1::SynchronizeResponse response;
  ASSERT_TRUE(TrySynchronize(newer, &response).ok());
  const grpc::Status status = TrySynchronize(State(), &response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), "WORKER_SESSION_REPLACED");
}

TEST_F(WorkerApi, AWorkerOfAnotherAgeIsToldBothVersions) {
  v1::SynchronizeRequest request = State();
  request.set_wire_version(9);
  request.set_version("9.0.0");
  v1::SynchronizeResponse response;
  const grpc::Status status = TrySynchronize(request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), "WIRE_VERSION_UNSUPPORTED");
  EXPECT_THAT(status.error_message(), HasSubstr("version 9 "));
  EXPECT_THAT(status.error_message(), HasSubstr("version 1;"));
}

TEST_F(WorkerApi, RecordsOfUnknownAttemptsAreNotHeld) {
  v1::DesiredAttempt nobody;
  nobody.set_attempt("sweeps/no/jobs/1/attempts/1");
  nobody.mutable_fence()->set_attempt(1);
  EXPECT_EQ(Held(Report(nobody, 1, {1.0})), 0);
}

}  // namespace
}  // namespace optfleet::app
