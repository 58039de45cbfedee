// Checkpoints that outlive their jobs, on a whole coordinator: a worker that exists only as messages keeps
// some.
#include "tests/coordinator/app/serving.h"

namespace optfleet::app {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

constexpr const char* kKeepsNone = "keep_checkpoints: {best_jobs: 0}\n";

std::string Text(const char* last_line) {
  std::string text = kSweepText;
  text += last_line;
  return text;
}

class CheckpointApi : public Serving {
 protected:
  v1::SynchronizeRequest Hello() {
    v1::SynchronizeRequest request;
    request.set_worker_id("w");
    request.set_session(1);
    request.set_sequence(++sequence_);
    request.set_wire_version(1);
    request.set_host("w.lab");
    v1::Slot* slot = request.add_slots();
    slot->set_kind(v1::Slot::KIND_CPU);
    slot->set_threads(1);
    request.set_kept_digest(digest_);
    return request;
  }
  // The first job of sweep lr runs.
  v1::DesiredAttempt TakesAJob() {
    Submit(NewSweep("lr", Text(kKeepsNone)));
    return Synchronize(Hello()).attempts(0);
  }
  v1::SynchronizeRequest Ended(const v1::DesiredAttempt& attempt) {
    v1::SynchronizeRequest request = Hello();
    v1::AttemptStatus* status = request.add_attempts();
    status->set_attempt(attempt.attempt());
    *status->mutable_fence() = attempt.fence();
    status->set_state(v1::AttemptStatus::STATE_ENDED);
    status->add_slots(0);
    status->set_outcome(v1::OUTCOME_DIVERGED);
    status->set_reason("the loss is not finite");
    return request;
  }
  v1::SynchronizeRequest Lists(const v1::DesiredAttempt& attempt, const std::vector<int64_t>& steps) {
    digest_ += "x";
    v1::SynchronizeRequest request = Hello();
    request.mutable_kept()->set_folder("/root/kept");
    for (const int64_t step : steps) {
      v1::KeptCheckpoint* checkpoint = request.mutable_kept()->add_checkpoints();
      checkpoint->set_attempt(attempt.attempt());
      *checkpoint->mutable_fence() = attempt.fence();
      checkpoint->set_step(step);
      checkpoint->set_bytes(1000);
    }
    return request;
  }
  grpc::Status Pin(const std::string& name, v1::Checkpoint* checkpoint) {
    v1::PinCheckpointRequest request;
    request.set_name(name);
    request.set_reason("for the paper");
    return Call(*checkpoints_, &v1::CheckpointService::Stub::PinCheckpoint, request, checkpoint);
  }
  std::vector<v1::Checkpoint> List(const std::string& parent) {
    v1::ListCheckpointsRequest request;
    request.set_parent(parent);
    request.set_page_size(1);
    std::vector<v1::Checkpoint> all;
    do {
      v1::ListCheckpointsResponse response;
      const grpc::Status status =
          Call(*checkpoints_, &v1::CheckpointService::Stub::ListCheckpoints, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      all.insert(all.end(), response.checkpoints().begin(), response.checkpoints().end());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  std::string digest_ = "a";
  int64_t sequence_ = 0;
};

TEST_F(CheckpointApi, WhatNobodyPinnedGoesWithItsJob) {
  const v1::DesiredAttempt attempt = TakesAJob();
  EXPECT_TRUE(Synchronize(Hello()).list_kept()) << "nobody has told it yet";
  EXPECT_FALSE(Synchronize(Lists(attempt, {10, 20})).list_kept());
  v1::Checkpoint pinned;
  const std::string name = attempt.attempt() + "/checkpoints/10";
  ASSERT_TRUE(Pin(name, &pinned).ok());
  EXPECT_TRUE(pinned.pinned());
  EXPECT_EQ(pinned.worker(), "workers/w");
  EXPECT_THAT(pinned.path(), HasSubstr("/root/kept/sweeps-lr-jobs-1-attempts-1."));

  Synchronize(Ended(attempt));
  Restart();
  const v1::SynchronizeResponse answer = Synchronize(Hello());
  ASSERT_EQ(answer.delete_kept_size(), 1);
  EXPECT_EQ(answer.delete_kept(0).attempt(), attempt.attempt());
  EXPECT_EQ(answer.delete_kept(0).fence().incarnation(), attempt.fence().incarnation());
  EXPECT_EQ(answer.delete_kept(0).step(), 20);
  const auto all = List("sweeps/lr/jobs/1");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].state(), v1::Checkpoint::STATE_KEPT);
  EXPECT_TRUE(all[0].pinned());
  EXPECT_EQ(all[1].state(), v1::Checkpoint::STATE_DELETING);
  v1::Checkpoint late;
  EXPECT_EQ(Pin(attempt.attempt() + "/checkpoints/20", &late).error_code(), StatusCode::FAILED_PRECONDITION);

  EXPECT_EQ(Synchronize(Lists(attempt, {10})).delete_kept_size(), 0);
  EXPECT_EQ(List("sweeps/lr").size(), 1U);
  v1::UnpinCheckpointRequest unpin;
  unpin.set_name(name);
  ASSERT_TRUE(Call(*checkpoints_, &v1::CheckpointService::Stub::UnpinCheckpoint, unpin, &pinned).ok());
  EXPECT_FALSE(pinned.pinned());
  EXPECT_EQ(Synchronize(Hello()).delete_kept_size(), 1);
}

TEST_F(CheckpointApi, WhatIsNotThereIsNamed) {
  const v1::DesiredAttempt attempt = TakesAJob();
  v1::Checkpoint none;
  const grpc::Status missing = Pin("sweeps/lr/jobs/1/attempts/1/checkpoints/10", &none);
  EXPECT_EQ(missing.error_code(), StatusCode::NOT_FOUND);
  EXPECT_THAT(missing.error_message(), HasSubstr("sweeps/lr/jobs/1/attempts/1/checkpoints/10"));
  EXPECT_EQ(Pin("sweeps/lr/jobs/1", &none).error_code(), StatusCode::INVALID_ARGUMENT);
  v1::ListCheckpointsRequest request;
  v1::ListCheckpointsResponse response;
  request.set_parent("sweeps/other");
  EXPECT_EQ(
      Call(*checkpoints_, &v1::CheckpointService::Stub::ListCheckpoints, request, &response).error_code(),
      StatusCode::NOT_FOUND);
  request.set_parent("workers/w");
  EXPECT_EQ(
      Call(*checkpoints_, &v1::CheckpointService::Stub::ListCheckpoints, request, &response).error_code(),
      StatusCode::INVALID_ARGUMENT);
}

TEST_F(CheckpointApi, ASweepSaysWhatItKeeps) {
  const v1::Sweep sweep = Submit(NewSweep("lr", Text("keep_checkpoints: {best_jobs: 2, last: 1}\n")));
  EXPECT_EQ(sweep.keep_checkpoints().best_jobs(), 2);
  EXPECT_FALSE(sweep.keep_checkpoints().has_best());
  EXPECT_EQ(sweep.keep_checkpoints().last(), 1);
  EXPECT_FALSE(Submit(NewSweep("plain")).has_keep_checkpoints());
}

}  // namespace
}  // namespace optfleet::app
