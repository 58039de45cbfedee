// Outcomes taken over from equal jobs, on a whole coordinator.
#include "common/version.h"
#include "tests/coordinator/app/serving.h"

namespace optfleet::app {
namespace {

using testing::HasSubstr;

constexpr const char* kStamp = "1c291ca3-51234";
constexpr const char* kModel = "EPYC 7B13";

class ReuseApi : public Serving {
 protected:
  v1::SynchronizeRequest Hello(const std::string& worker = "w", const std::string& model = kModel) {
    v1::SynchronizeRequest request;
    request.set_worker_id(worker);
    request.set_session(1);
    request.set_sequence(++sequence_);
    request.set_wire_version(1);
    v1::Slot* slot = request.add_slots();
    slot->set_kind(v1::Slot::KIND_CPU);
    slot->set_threads(1);
    slot->set_model(model);
    return request;
  }
  void Record(const v1::DesiredAttempt& attempt, const std::vector<double>& losses) {
    v1::ReportMetricsRequest request;
    request.set_worker_id("w");
    request.set_session(1);
    v1::AttemptRecords* records = request.add_attempts();
    records->set_attempt(attempt.attempt());
    *records->mutable_fence() = attempt.fence();
    v1::RecordBatch* batch = records->mutable_records();
    batch->add_keys("loss");
    batch->set_first_record(1);
    for (size_t i = 0; i < losses.size(); ++i) {
      batch->add_steps(static_cast<int64_t>(i) + 1);
      batch->add_time_us(1);
      batch->add_point_counts(1);
      batch->add_key_index(0);
      batch->add_values(losses[i]);
    }
    v1::ReportMetricsResponse response;
    EXPECT_TRUE(Call(*agent_, &v1::AgentService::Stub::ReportMetrics, request, &response).ok());
  }
  // The attempt records two steps and succeeds.
  void Succeed(const v1::DesiredAttempt& attempt, double val_loss, int numerics = kNumericsVersion) {
    Record(attempt, {3.0, 2.0});
    v1::SynchronizeRequest ended = Hello();
    v1::AttemptStatus* status = ended.add_attempts();
    status->set_attempt(attempt.attempt());
    *status->mutable_fence() = attempt.fence();
    status->set_state(v1::AttemptStatus::STATE_ENDED);
    status->add_slots(0);
    status->set_outcome(v1::OUTCOME_SUCCEEDED);
    status->set_last_record(2);
    status->set_numerics_json("{\"version\":" + std::to_string(numerics) + ",\"device_model\":\"" + kModel +
                              "\",\"files\":{\"data.path\":\"" + kStamp + "\"}}");
    for (const auto& [key, value] : {std::pair("val_loss", val_loss), std::pair("train_seconds", 7.0)}) {
      v1::Figure* figure = status->add_final();
      figure->set_key(key);
      figure->set_value(value);
    }
    Synchronize(ended);
  }
  // Sweep lr of three jobs, of which the first two have succeeded.
  void TrainTwoOfThree(int numerics = kNumericsVersion) {
    Submit(NewSweep("lr"));
    Succeed(Synchronize(Hello()).attempts(0), 1.5, numerics);
    Succeed(Synchronize(Hello()).attempts(0), 1.25, numerics);
  }
  static void AddStamp(google::protobuf::RepeatedPtrField<v1::FileStamp>* stamps,
                       const std::string& stamp = kStamp) {
    v1::FileStamp* added = stamps->Add();
    added->set_key("data.path");
    added->set_path("/data/text.txt");
    added->set_stamp(stamp);
  }
  v1::PlanSweepResponse Plan(const std::string& stamp = kStamp) {
    v1::PlanSweepRequest request;
    *request.mutable_sweep() = NewSweep("").sweep();
    if (!stamp.empty()) AddStamp(request.mutable_file_stamps(), stamp);
    v1::PlanSweepResponse response;
    const grpc::Status status = Call(*sweeps_, &v1::SweepService::Stub::PlanSweep, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::CreateSweepRequest Reusing(const std::string& id, const std::string& text = kSweepText) {
    v1::CreateSweepRequest request = NewSweep(id, text);
    request.set_reuse(true);
    AddStamp(request.mutable_file_stamps());
    return request;
  }
  static std::map<std::string, double> FiguresOf(const v1::Job& job) {
    std::map<std::string, double> figures;
    for (const v1::Figure& figure : job.final()) figures[figure.key()] = figure.value();
    return figures;
  }

  int64_t sequence_ = 0;
};

TEST_F(ReuseApi, APlanNamesTheEqualJobsAndChangesNothing) {
  TrainTwoOfThree();
  const v1::PlanSweepResponse plan = Plan();
  EXPECT_EQ(plan.job_count(), 3);
  EXPECT_EQ(plan.reusable_jobs(), 2);
  ASSERT_EQ(plan.equal_jobs_size(), 2);
  EXPECT_EQ(plan.equal_jobs(1).job(), 2);
  EXPECT_EQ(plan.equal_jobs(1).equal_job(), "sweeps/lr/jobs/2");
  EXPECT_EQ(plan.equal_jobs(1).obstacle(), "");
  v1::ListSweepsResponse all;
  ASSERT_TRUE(Call(*sweeps_, &v1::SweepService::Stub::ListSweeps, v1::ListSweepsRequest(), &all).ok());
  EXPECT_EQ(all.sweeps_size(), 1);
}

TEST_F(ReuseApi, APlanSaysWhyAnEqualJobIsOfNoUse) {
  TrainTwoOfThree();
  EXPECT_EQ(Plan("00000000-9").reusable_jobs(), 0);
  EXPECT_EQ(Plan("00000000-9").equal_jobs(0).obstacle(), "the file of `data.path` held other data then");
  EXPECT_THAT(Plan("").equal_jobs(0).obstacle(), HasSubstr("could not be read"));
}

TEST_F(ReuseApi, OutcomesOfAnotherVersionOfTheNumericsStayWhereTheyAre) {
  TrainTwoOfThree(kNumericsVersion - 1);
  EXPECT_THAT(Plan().equal_jobs(0).obstacle(), HasSubstr("another version of the numerics"));
  EXPECT_EQ(Submit(Reusing("second")).reused_jobs(), 0);
}

TEST_F(ReuseApi, NothingIsTakenOverUnasked) {
  TrainTwoOfThree();
  EXPECT_EQ(Submit(NewSweep("second")).reused_jobs(), 0);
  EXPECT_EQ(GetJob("sweeps/second/jobs/1").state(), v1::Job::STATE_QUEUED);
}

TEST_F(ReuseApi, ATakenOverJobShowsFiguresSeriesAndWhereTheyAreFrom) {
  TrainTwoOfThree();
  const v1::Sweep second = Submit(Reusing("second"));
  EXPECT_EQ(second.reused_jobs(), 2);
  EXPECT_EQ(second.best_job(), "sweeps/second/jobs/2");
  Restart();
  const v1::Job job = GetJob("sweeps/second/jobs/2");
  EXPECT_EQ(job.state(), v1::Job::STATE_ENDED);
  EXPECT_EQ(job.outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(job.reused_from(), "sweeps/lr/jobs/2");
  EXPECT_EQ(job.reason(), "taken over from sweeps/lr/jobs/2");
  EXPECT_EQ(job.attempt_count(), 0);
  EXPECT_EQ(job.step(), 2);
  EXPECT_EQ(job.latest(0).value(), 2.0);
  EXPECT_EQ(FiguresOf(job), (std::map<std::string, double>{{"train_seconds", 7}, {"val_loss", 1.25}}));

  v1::QueryMetricsRequest query;
  query.set_job(job.name());
  v1::QueryMetricsResponse series;
  ASSERT_TRUE(Call(*metrics_, &v1::MetricService::Stub::QueryMetrics, query, &series).ok());
  EXPECT_THAT(series.series(0).last(), testing::ElementsAre(3.0, 2.0));
  // The third is still to be trained, by the first sweep and by the second.
  EXPECT_EQ(Synchronize(Hello()).attempts(0).attempt(), "sweeps/lr/jobs/3/attempts/1");
}

TEST_F(ReuseApi, WhatWasTakenOverIsFollowedToTheJobThatRan) {
  TrainTwoOfThree();
  Submit(Reusing("second"));
  Submit(Reusing("third"));
  EXPECT_EQ(GetJob("sweeps/third/jobs/1").reused_from(), "sweeps/lr/jobs/1");
}

TEST_F(ReuseApi, TimesAreTakenOverOnlyFromTheSameKindOfDevice) {
  TrainTwoOfThree();
  Synchronize(Hello("other", "Xeon"));
  Submit(Reusing("second"));
  EXPECT_EQ(FiguresOf(GetJob("sweeps/second/jobs/1")), (std::map<std::string, double>{{"val_loss", 1.5}}));
}

TEST_F(ReuseApi, ARepeatIsAnsweredByTheFirstWhateverHasFinishedSince) {
  Submit(NewSweep("lr"));
  v1::CreateSweepRequest request = Reusing("second");
  request.set_request_id("once");
  Submit(request);
  Succeed(Synchronize(Hello()).attempts(0), 1.5);
  const v1::Sweep again = Submit(request);
  EXPECT_EQ(again.name(), "sweeps/second");
  EXPECT_EQ(again.reused_jobs(), 0);
}

TEST_F(ReuseApi, AnExtensionTakesOver) {
  TrainTwoOfThree();
  std::string text = kSweepText;
  text.replace(text.find("[1e-4, 1e-3"), 11, "[5e-3, 5e-4");
  Submit(NewSweep("second", text));
  v1::ExtendSweepRequest request;
  request.set_name("sweeps/second");
  *request.mutable_sweep() = NewSweep("second").sweep();
  request.set_reuse(true);
  AddStamp(request.mutable_file_stamps());
  v1::ExtendSweepResponse response;
  const grpc::Status status = Call(*sweeps_, &v1::SweepService::Stub::ExtendSweep, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.new_jobs(), 2);
  EXPECT_EQ(response.sweep().reused_jobs(), 2);
  EXPECT_EQ(GetJob("sweeps/second/jobs/4").reused_from(), "sweeps/lr/jobs/1");
}

// Of 600 jobs those come in two parts; the three that the other sweep trained are in the second.
TEST_F(ReuseApi, ALargeSweepTakesOver) {
  TrainTwoOfThree();
  std::string rates;
  for (int i = 1; i <= 600; ++i) rates += std::to_string(i + 1000) + "e-9, ";
  std::string text = kSweepText;
  text.replace(text.find("[1e-4"), 1, "[" + rates);
  const v1::Sweep second = Submit(Reusing("second", text));
  EXPECT_EQ(second.job_count(), 603);
  EXPECT_EQ(second.reused_jobs(), 2);
  EXPECT_EQ(GetJob("sweeps/second/jobs/602").reused_from(), "sweeps/lr/jobs/2");
}

}  // namespace
}  // namespace optfleet::app
