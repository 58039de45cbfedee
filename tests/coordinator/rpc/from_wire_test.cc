#include "coordinator/rpc/from_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "coordinator/rpc/limits.h"

namespace optfleet::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

v1::SynchronizeRequest Worker() {
  v1::SynchronizeRequest request;
  request.set_worker_id("gpu01");
  request.set_session(7);
  request.set_sequence(3);
  request.set_wire_version(1);
  v1::Slot* slot = request.add_slots();
  slot->set_kind(v1::Slot::KIND_GPU);
  slot->set_device_uuid("GPU-1");
  v1::AttemptStatus* status = request.add_attempts();
  status->set_attempt("sweeps/lr/jobs/17/attempts/2");
  status->mutable_fence()->set_incarnation(1);
  status->mutable_fence()->set_attempt(2);
  status->set_state(v1::AttemptStatus::STATE_ENDED);
  status->set_outcome(v1::OUTCOME_DIVERGED);
  return request;
}

v1::ReportMetricsRequest Report() {
  v1::ReportMetricsRequest request;
  v1::AttemptRecords* records = request.add_attempts();
  records->set_attempt("sweeps/lr/jobs/17/attempts/2");
  v1::RecordBatch* batch = records->mutable_records();
  batch->add_keys("loss");
  batch->add_keys("grad_norm");
  batch->set_first_record(5);
  for (const int64_t step : {10, 11}) {
    batch->add_steps(step);
    batch->add_time_us(1000 * step);
  }
  batch->add_point_counts(2);
  batch->add_point_counts(1);
  for (const uint32_t index : {0u, 1u, 0u}) batch->add_key_index(index);
  for (const double value : {2.5, 0.5, 2.25}) batch->add_values(value);
  return request;
}

TEST(FromWire, TakesAWorkersState) {
  const auto input = FromWire(Worker());
  ASSERT_TRUE(input) << input.error().message;
  EXPECT_EQ(input->worker_id, "gpu01");
  EXPECT_EQ(input->slots.at(0).kind, domain::SlotKind::kGpu);
  EXPECT_EQ(ToResource(input->attempts.at(0).attempt), "sweeps/lr/jobs/17/attempts/2");
  EXPECT_EQ(input->attempts.at(0).outcome, Outcome::kDiverged);
}

TEST(FromWire, NamesTheFieldOfABadState) {
  const std::vector<std::pair<std::string, std::function<void(v1::SynchronizeRequest*)>>> cases = {
      {"worker_id", [](auto* r) { r->set_worker_id("GPU 1"); }},
      {"slots[0].kind", [](auto* r) { r->mutable_slots(0)->clear_kind(); }},
      {"slots[0].index", [](auto* r) { r->mutable_slots(0)->set_index(-1); }},
      {"slots[1].index", [](auto* r) { *r->add_slots() = r->slots(0); }},
      {"attempts[0].attempt", [](auto* r) { r->mutable_attempts(0)->set_attempt("sweeps/lr/jobs/17"); }},
      {"attempts[1].attempt", [](auto* r) { *r->add_attempts() = r->attempts(0); }},
      {"attempts[0].state", [](auto* r) { r->mutable_attempts(0)->clear_state(); }},
      {"attempts[0].outcome",
       [](auto* r) { r->mutable_attempts(0)->set_outcome(static_cast<v1::Outcome>(99)); }},
      {"attempts[0].last_record", [](auto* r) { r->mutable_attempts(0)->set_last_record(-1); }},
      {"attempts[0].log_tail",
       [](auto* r) { r->mutable_attempts(0)->set_log_tail(std::string(kMaxLogTailBytes + 1, 'x')); }},
      {"slots", [](auto* r) {
         for (int i = 0; i < kMaxSlots; ++i) r->add_slots();
       }}};
  for (const auto& [field, spoil] : cases) {
    v1::SynchronizeRequest request = Worker();
    spoil(&request);
    const auto input = FromWire(request);
    ASSERT_FALSE(input) << field;
    EXPECT_EQ(input.error().code, Code::kInvalidArgument);
    EXPECT_EQ(input.error().violations.at(0).field, field);
  }
}

// Simulation, seed 1000067: a worker that still had the attempt from before a restored backup was refused
// altogether, and so was never told to let go of it.
TEST(FromWire, OneNameUnderTwoFencesIsNoMistakeAndTwiceUnderOneIs) {
  v1::SynchronizeRequest request = Worker();
  *request.add_attempts() = request.attempts(0);
  EXPECT_FALSE(FromWire(request).has_value());
  request.mutable_attempts(1)->mutable_fence()->set_incarnation(2);
  EXPECT_TRUE(FromWire(request).has_value());
}

TEST(FromWire, TakesColumnsApart) {
  const auto batches = FromWire(Report());
  ASSERT_TRUE(batches) << batches.error().message;
  const store::RecordBatch& batch = batches->at(0);
  EXPECT_EQ(batch.first_record, 5);
  EXPECT_THAT(batch.steps, ElementsAre(10, 11));
  EXPECT_EQ(batch.times_us.size(), 2u);
  EXPECT_THAT(batch.point_counts, ElementsAre(2, 1));
  ASSERT_EQ(batch.values.size(), 3u);
  EXPECT_EQ(batch.key_index.at(2), 0u);
  EXPECT_EQ(batch.values.at(2), 2.25);
}

TEST(FromWire, RefusesColumnsThatDoNotFit) {
  const std::vector<std::function<void(v1::RecordBatch*)>> cases = {
      [](auto* b) { b->set_first_record(0); },
      [](auto* b) { b->set_first_record(int64_t{1} << 32); },
      [](auto* b) { b->add_steps(12); },
      [](auto* b) { b->add_values(1); },
      [](auto* b) { b->add_key_index(0); },
      [](auto* b) { b->set_point_counts(0, 9); },
      [](auto* b) { b->set_key_index(0, 2); },
      [](auto* b) { b->set_keys(0, "Loss; DROP"); },
      [](auto* b) { b->set_steps(0, -1); },
      [](auto* b) {
        b->set_point_counts(0, 0xffffffffu);
        b->set_point_counts(1, 4);  // sums to 3 in 32 bits
      }};
  for (size_t i = 0; i < cases.size(); ++i) {
    v1::ReportMetricsRequest request = Report();
    cases[i](request.mutable_attempts(0)->mutable_records());
    const auto batches = FromWire(request);
    ASSERT_FALSE(batches) << "case " << i;
    EXPECT_EQ(batches.error().code, Code::kInvalidArgument);
    EXPECT_THAT(batches.error().violations.at(0).field, HasSubstr("attempts[0].records"));
  }
}

TEST(FromWire, RefusesASweepThatIsTooLarge) {
  v1::CreateSweepRequest request;
  EXPECT_EQ(FromWire(request).error().violations.at(0).field, "sweep.files");
  request.mutable_sweep()->add_files()->set_text(std::string(kMaxSourceBytes, ' '));
  EXPECT_TRUE(FromWire(request));
  request.mutable_sweep()->add_files()->set_text(" ");
  EXPECT_EQ(FromWire(request).error().violations.at(0).field, "sweep.files");
}

TEST(WireVersion, NeighboursWorkTogetherAndOthersAreToldBoth) {
  EXPECT_FALSE(CheckWireVersion(1, "gpu01", "0.1.0"));
  EXPECT_FALSE(CheckWireVersion(2, "gpu01", "0.2.0"));
  for (const int32_t version : {0, 3, 100, -1, INT32_MAX, INT32_MIN}) {
    const auto refused = CheckWireVersion(version, "gpu01", "0.3.0");
    ASSERT_TRUE(refused) << version;
    EXPECT_EQ(refused->code, Code::kFailedPrecondition);
    EXPECT_EQ(refused->reason, "WIRE_VERSION_UNSUPPORTED");
    EXPECT_THAT(refused->message, HasSubstr("version " + std::to_string(version)));
    EXPECT_EQ(refused->metadata.at("coordinator_version"), "1");
  }
}

}  // namespace
}  // namespace optfleet::rpc
