#include "worker/rpc/conversion.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/version.h"

namespace optfleet::worker {
namespace {

const Identity kIdentity{"gpu01", 77, "host"};

TEST(WorkerConversion, AnEndedAttemptKeepsEveryField) {
  AttemptStatus status;
  status.key = {"sweeps/s/jobs/1/attempts/2", {3, 2}};
  status.state = AttemptState::kEnded;
  status.slots = {4, 5};
  status.last_record = 10;
  status.checkpoint_step = 8;
  status.checkpoint_record = 9;
  status.trainer_pid = 1234;
  status.outcome = Outcome::kDiverged;
  status.reason = "NaN";
  status.final = {{"loss", NAN}};
  status.retryable = true;
  status.log_tail = "tail";
  status.log_skipped_bytes = 6;
  status.numerics_json = "{}";
  status.run_directory = "/r";
  status.resumed = true;
  status.resume_step = 2;
  status.resume_record = 1;
  SyncRequest request;
  request.sequence = 5;
  request.slots = {{1, true, 2, 80, "GPU-a", "G"}};
  request.attempts = {status};
  request.draining = true;
  const auto wire = ToWire(request, kIdentity);
  EXPECT_EQ(wire.worker_id(), "gpu01");
  EXPECT_EQ(wire.session(), 77);
  EXPECT_EQ(wire.sequence(), 5);
  EXPECT_EQ(wire.wire_version(), kWireVersion);
  EXPECT_TRUE(wire.draining() && !wire.leaving());
  EXPECT_EQ(wire.slots(0).kind(), v1::Slot::KIND_GPU);
  EXPECT_EQ(wire.slots(0).device_uuid(), "GPU-a");
  const auto& attempt = wire.attempts(0);
  EXPECT_EQ(attempt.attempt(), status.key.attempt);
  EXPECT_EQ(attempt.fence().incarnation(), 3);
  EXPECT_EQ(attempt.fence().attempt(), 2);
  EXPECT_EQ(attempt.state(), v1::AttemptStatus::STATE_ENDED);
  EXPECT_EQ(attempt.slots_size(), 2);
  EXPECT_EQ(attempt.last_record() + attempt.checkpoint_step() + attempt.checkpoint_record(), 27);
  EXPECT_EQ(attempt.outcome(), v1::OUTCOME_DIVERGED);
  EXPECT_TRUE(std::isnan(attempt.final(0).value()));
  EXPECT_TRUE(attempt.retryable() && attempt.resumed());
  EXPECT_EQ(attempt.log_tail(), "tail");
  EXPECT_EQ(attempt.run_directory(), "/r");
  EXPECT_EQ(attempt.resume_step() + attempt.resume_record(), 3);
}

TEST(WorkerConversion, RecordsBecomeColumns) {
  RecordBatch batch;
  batch.keys = {"loss", "tokens"};
  batch.records = {{6, 5, TimeFromUnixMicros(50), {{0, 2.5}, {1, 64}}},
                   {7, 5, TimeFromUnixMicros(51), {{0, INFINITY}}}};
  const auto wire = ToWire(std::vector<AttemptBatch>{{{"sweeps/s/jobs/1/attempts/1", {1, 1}}, batch},
                                                     {{"sweeps/s/jobs/2/attempts/1", {1, 1}}, {}}},
                           kIdentity);
  ASSERT_EQ(wire.attempts_size(), 2);
  EXPECT_EQ(wire.attempts(1).attempt(), "sweeps/s/jobs/2/attempts/1");
  const auto& records = wire.attempts(0).records();
  EXPECT_EQ(records.first_record(), 6);
  EXPECT_EQ(records.steps_size(), 2);
  EXPECT_EQ(records.time_us(1), 51);
  EXPECT_EQ(records.point_counts(0), 2u);
  EXPECT_EQ(records.key_index(1), 1u);
  EXPECT_EQ(records.values(2), INFINITY);
}

TEST(WorkerConversion, AnAnswerIsReadInFull) {
  v1::SynchronizeResponse wire;
  auto* run = wire.add_attempts();
  run->set_attempt("sweeps/s/jobs/1/attempts/2");
  run->mutable_fence()->set_attempt(2);
  run->set_action(v1::DesiredAttempt::ACTION_RUN);
  run->add_slots(1);
  run->set_spec_json("{}");
  run->set_resume_parent("sweeps/s/jobs/1/attempts/1");
  run->mutable_resume_parent_fence()->set_attempt(1);
  auto* stop = wire.add_attempts();
  stop->set_action(v1::DesiredAttempt::ACTION_STOP);
  stop->set_stop_outcome(v1::OUTCOME_STOPPED_EARLY);
  stop->set_stop_with_checkpoint(true);
  wire.add_attempts()->set_attempt("an action of the future");
  auto* forget = wire.add_forget();
  forget->set_kill(true);
  forget->set_keep_checkpoints(true);
  wire.add_held()->set_record(9);
  wire.set_next_call_ms(200);
  wire.set_lease_ms(3000);
  const auto answer = FromWire(wire);
  ASSERT_EQ(answer.attempts.size(), 2u);
  EXPECT_FALSE(answer.attempts[0].stop);
  EXPECT_EQ(answer.attempts[0].resume_parent->fence.attempt, 1);
  EXPECT_TRUE(answer.attempts[1].stop && answer.attempts[1].stop_with_checkpoint);
  EXPECT_EQ(answer.attempts[1].stop_outcome, Outcome::kStoppedEarly);
  EXPECT_FALSE(answer.attempts[1].resume_parent.has_value());
  EXPECT_TRUE(answer.forget.at(0).kill && answer.forget.at(0).keep_checkpoints);
  EXPECT_EQ(answer.held.at(0).record, 9);
  EXPECT_EQ(answer.next_call, std::chrono::milliseconds(200));
  EXPECT_EQ(answer.lease, std::chrono::seconds(3));
}

TEST(WorkerConversion, WhatLiesInKeptAndWhatIsToGoKeepEveryField) {
  SyncRequest request;
  EXPECT_FALSE(ToWire(request, kIdentity).has_kept());
  request.kept_digest = "abc";
  request.kept = KeptList{"/root/kept", {{{{"sweeps/s/jobs/1/attempts/2", {3, 2}}, 40}, 1.5, 700}, {}}};
  const auto wire = ToWire(request, kIdentity);
  EXPECT_EQ(wire.kept_digest(), "abc");
  EXPECT_EQ(wire.kept().folder(), "/root/kept");
  ASSERT_EQ(wire.kept().checkpoints_size(), 2);
  const auto& checkpoint = wire.kept().checkpoints(0);
  EXPECT_EQ(checkpoint.attempt(), "sweeps/s/jobs/1/attempts/2");
  EXPECT_EQ(checkpoint.fence().incarnation(), 3);
  EXPECT_EQ(checkpoint.step(), 40);
  EXPECT_EQ(checkpoint.val_loss(), 1.5);
  EXPECT_EQ(checkpoint.bytes(), 700);
  EXPECT_FALSE(wire.kept().checkpoints(1).has_val_loss());

  v1::SynchronizeResponse response;
  response.set_list_kept(true);
  auto* doomed = response.add_delete_kept();
  doomed->set_attempt("sweeps/s/jobs/1/attempts/2");
  doomed->mutable_fence()->set_incarnation(3);
  doomed->mutable_fence()->set_attempt(2);
  doomed->set_step(40);
  const auto answer = FromWire(response);
  EXPECT_TRUE(answer.list_kept);
  ASSERT_EQ(answer.delete_kept.size(), 1U);
  EXPECT_EQ(answer.delete_kept[0], (KeptName{{"sweeps/s/jobs/1/attempts/2", {3, 2}}, 40}));
}

}  // namespace
}  // namespace optfleet::worker
