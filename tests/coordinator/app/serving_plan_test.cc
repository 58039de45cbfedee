// What a plan asks of a whole coordinator: times that were measured, and jobs that fit nowhere.
#include "tests/coordinator/app/serving.h"

namespace optfleet::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kModel = "EPYC 7B13";

class PlanApi : public Serving {
 protected:
  v1::SynchronizeRequest Hello(int64_t slot_memory = 0, const std::string& model = kModel) {
    v1::SynchronizeRequest request;
    request.set_worker_id("w");
    request.set_session(1);
    request.set_sequence(++sequence_);
    request.set_wire_version(1);
    v1::Slot* slot = request.add_slots();
    slot->set_kind(v1::Slot::KIND_CPU);
    slot->set_threads(2);
    slot->set_model(model);
    slot->set_memory_bytes(slot_memory);
    return request;
  }
  void End(const v1::DesiredAttempt& attempt, v1::Outcome outcome, double train_seconds) {
    v1::SynchronizeRequest ended = Hello();
    v1::AttemptStatus* status = ended.add_attempts();
    status->set_attempt(attempt.attempt());
    *status->mutable_fence() = attempt.fence();
    status->set_state(v1::AttemptStatus::STATE_ENDED);
    status->add_slots(0);
    status->set_outcome(outcome);
    status->set_numerics_json(std::string(R"({"version":1,"device":"cpu","threads":2,"device_model":")") +
                              kModel + "\"}");
    for (const auto& [key, value] :
         {std::pair("validation_seconds", 0.5), std::pair("train_seconds", train_seconds),
          std::pair("checkpoint_seconds", 0.25)}) {
      v1::Figure* figure = status->add_final();
      figure->set_key(key);
      figure->set_value(value);
    }
    Synchronize(ended);
  }
  std::vector<v1::Measurement> Measurements() {
    v1::ListMeasurementsResponse response;
    const grpc::Status status =
        Call(*jobs_, &v1::JobService::Stub::ListMeasurements, v1::ListMeasurementsRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.measurements().begin(), response.measurements().end()};
  }
  v1::PlanSweepResponse Plan(const std::string& more, const std::string& model = "") {
    v1::PlanSweepRequest request;
    *request.mutable_sweep() = NewSweep("", kSweepText + more).sweep();
    request.set_slot_model(model);
    v1::PlanSweepResponse response;
    const grpc::Status status = Call(*sweeps_, &v1::SweepService::Stub::PlanSweep, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  int64_t sequence_ = 0;
};

TEST_F(PlanApi, MeasurementsAreThoseOfJobsThatSucceeded) {
  EXPECT_TRUE(Measurements().empty());
  Submit(NewSweep("lr"));
  End(Synchronize(Hello()).attempts(0), v1::OUTCOME_DIVERGED, 1);
  End(Synchronize(Hello()).attempts(0), v1::OUTCOME_SUCCEEDED, 7);
  const auto measured = Measurements();
  ASSERT_EQ(measured.size(), 1U);
  const v1::Measurement& one = measured[0];
  EXPECT_EQ(one.job(), "sweeps/lr/jobs/2");
  EXPECT_THAT(one.spec_json(), HasSubstr(R"("learning_rate":0.001)"));
  EXPECT_EQ(one.device(), v1::Slot::KIND_CPU);
  EXPECT_EQ(one.model(), kModel);
  EXPECT_EQ(one.threads(), 2);
  EXPECT_EQ(one.slots(), 1);
  EXPECT_EQ(one.train_seconds(), 7);
  EXPECT_EQ(one.validation_seconds(), 0.5);
  EXPECT_EQ(one.checkpoint_seconds(), 0.25);
  EXPECT_TRUE(one.has_held_seconds());
  EXPECT_GE(one.held_seconds(), 0);
}

TEST_F(PlanApi, WhereEveryJobHasAPlaceNothingIsSaid) {
  Synchronize(Hello());
  EXPECT_EQ(Plan("").misfits_size(), 0);
  EXPECT_EQ(Plan("").worker_count(), 1);
}

TEST_F(PlanApi, WithoutWorkersNothingIsSaidOfPlaces) {
  const v1::PlanSweepResponse plan = Plan("resources.slots: 8\n");
  EXPECT_EQ(plan.misfits_size(), 0);
  EXPECT_EQ(plan.worker_count(), 0);
}

TEST_F(PlanApi, JobsThatFitOnNoWorkerAreNamedWithTheReason) {
  Synchronize(Hello(1 << 30));
  const v1::PlanSweepResponse plan = Plan("resources.slots: 8\n");
  ASSERT_EQ(plan.misfits_size(), 1);
  EXPECT_EQ(plan.misfits(0).job_count(), 3);
  EXPECT_THAT(plan.misfits(0).jobs(), ElementsAre(1, 2, 3));
  EXPECT_EQ(plan.misfits(0).reason(), "it needs 8 slots on one worker, and none has so many");
  EXPECT_FALSE(plan.misfits(0).is_tried());
  EXPECT_EQ(Plan("resources.memory: 2GB\n").misfits(0).reason(),
            "it needs 2.0 GiB on a slot, and the largest that it may use has 1.0 GiB");
  EXPECT_EQ(Plan("resources.device: gpu\n").misfits(0).reason(), "no worker that it may use has a gpu slot");
}

TEST_F(PlanApi, JobsOfDifferentMemoryThatLackTheSameAreOneClass) {
  Synchronize(Hello(1 << 30));
  const auto plan = Plan("resources.slots: 8\nsweep: [{model.width: 16}, {model.width: 32}]\n");
  ASSERT_EQ(plan.misfits_size(), 1);
  EXPECT_EQ(plan.misfits(0).job_count(), 6);
}

// As `optctl why` will say of the same job.
TEST_F(PlanApi, TheReasonIsThatOfWhy) {
  Synchronize(Hello());
  const std::string needs = "resources.labels: {zone: a}\n";
  const std::string reason = Plan(needs).misfits(0).reason();
  Submit(NewSweep("lr", kSweepText + needs));
  v1::ExplainJobRequest request;
  request.set_name("sweeps/lr/jobs/1");
  v1::ExplainJobResponse explained;
  ASSERT_TRUE(Call(*jobs_, &v1::JobService::Stub::ExplainJob, request, &explained).ok());
  EXPECT_THAT(explained.reason(), HasSubstr(reason));
}

TEST_F(PlanApi, PredictedMemoryBeyondTheLargestSlotIsTriedThere) {
  Synchronize(Hello(64 << 10));
  const v1::PlanSweepResponse plan = Plan("");
  ASSERT_EQ(plan.misfits_size(), 1);
  EXPECT_TRUE(plan.misfits(0).is_tried());
  EXPECT_THAT(plan.misfits(0).reason(), HasSubstr("and the largest that it may use has 64.0 KiB"));
}

TEST_F(PlanApi, OnlySlotsOfTheModelCountThatWasAskedFor) {
  Synchronize(Hello());
  EXPECT_EQ(Plan("", kModel).worker_count(), 1);
  EXPECT_EQ(Plan("", "H100").worker_count(), 0);
}

}  // namespace
}  // namespace optfleet::app
