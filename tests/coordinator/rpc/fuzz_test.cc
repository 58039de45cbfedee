// Messages that no worker of ours would send: bytes flipped and cut, fields huge and negative, states that
// cannot follow each other, attempts of others. Whatever comes, conversion answers or refuses, and the
// engine's invariants hold. Seeded: a failure prints its seed.
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <random>

#include "coordinator/engine/engine.h"
#include "coordinator/engine/invariants.h"
#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

uint32_t Seeds(uint32_t otherwise) {
  const char* text = std::getenv("OPTFLEET_SEEDS");
  return text == nullptr ? otherwise : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

class Fuzzer {
 public:
  explicit Fuzzer(uint32_t seed) : random_(seed) {}

  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool Chance(uint32_t one_in) { return Below(one_in) == 0; }

  int64_t Number() {
    switch (Below(6)) {
      case 0:
        return 0;
      case 1:
        return -1;
      case 2:
        return std::numeric_limits<int64_t>::max();
      case 3:
        return std::numeric_limits<int64_t>::min();
      default:
        return Below(200);
    }
  }

  std::string Name() {
    static const char* const kNames[] = {"sweeps/s/jobs/1/attempts/1",
                                         "sweeps/s/jobs/2/attempts/1",
                                         "sweeps/s/jobs/2/attempts/2",
                                         "sweeps/s/jobs/99/attempts/1",
                                         "sweeps/other/jobs/1/attempts/1",
                                         "sweeps/s/jobs/0/attempts/0",
                                         "sweeps//jobs/1",
                                         "",
                                         "sweeps/s/jobs/99999999999999999999/attempts/1"};
    return kNames[Below(Chance(4) ? 9 : 3)];
  }

  v1::SynchronizeRequest Synchronize() {
    v1::SynchronizeRequest request;
    request.set_worker_id(Chance(10) ? "NO ID" : Chance(2) ? "a" : "b");
    request.set_session(1 + Below(3));
    request.set_sequence(Chance(10) ? Number() : ++sequence_);
    for (uint32_t i = Below(4); i > 0; --i) {
      v1::Slot* slot = request.add_slots();
      slot->set_index(static_cast<int32_t>(Chance(8) ? Number() : i));
      slot->set_kind(static_cast<v1::Slot::Kind>(Chance(20) ? 77 : 1 + Below(2)));
      slot->set_memory_bytes(Number());
    }
    for (uint32_t i = Below(4); i > 0; --i) AddStatus(request.add_attempts());
    if (Chance(4)) request.add_labels(Chance(2) ? "zone=a" : std::string(5000, '='));
    request.set_host_memory_bytes(Number());
    request.set_draining(Chance(10));
    request.set_leaving(Chance(20));
    return request;
  }

  v1::ReportMetricsRequest Records() {
    v1::ReportMetricsRequest request;
    v1::AttemptRecords* records = request.add_attempts();
    records->set_attempt(Name());
    v1::RecordBatch* batch = records->mutable_records();
    for (uint32_t i = Below(3); i > 0; --i) batch->add_keys(Chance(5) ? "Bad Key" : "loss");
    batch->set_first_record(Number());
    for (uint32_t i = Below(5); i > 0; --i) {
      batch->add_steps(Number());
      if (!Chance(6)) batch->add_time_us(Number());
      batch->add_point_counts(Chance(5) ? 4'000'000'000U : Below(3));
    }
    for (uint32_t i = Below(6); i > 0; --i) {
      batch->add_key_index(Below(4));
      if (!Chance(6)) batch->add_values(static_cast<double>(Number()));
    }
    return request;
  }

  // Some bytes other than they were, or fewer of them.
  std::string Damaged(std::string bytes) {
    for (uint32_t i = Below(4); i > 0 && !bytes.empty(); --i)
      bytes[Below(static_cast<uint32_t>(bytes.size()))] = static_cast<char>(Below(256));
    if (Chance(3) && !bytes.empty()) bytes.resize(Below(static_cast<uint32_t>(bytes.size())));
    return bytes;
  }

 private:
  void AddStatus(v1::AttemptStatus* status) {
    status->set_attempt(Name());
    status->mutable_fence()->set_incarnation(Chance(6) ? Number() : 1);
    status->mutable_fence()->set_attempt(Chance(6) ? static_cast<int32_t>(Number()) : 1);
    status->set_state(static_cast<v1::AttemptStatus::State>(Chance(20) ? 99 : 1 + Below(3)));
    for (uint32_t i = Below(3); i > 0; --i) status->add_slots(static_cast<int32_t>(Number()));
    status->set_share(Chance(4) ? static_cast<int32_t>(Number()) : 0);
    status->set_memory_bytes(Number());
    status->set_last_record(Number());
    status->set_checkpoint_step(Number());
    status->set_checkpoint_record(Number());
    status->set_outcome(static_cast<v1::Outcome>(Below(10)));
    status->set_retryable(Chance(2));
    status->set_cause(static_cast<v1::FailureCause>(Below(8)));
    status->set_resumed(Chance(2));
    status->set_resume_step(Number());
    status->set_resume_record(Number());
    status->set_log_tail(Chance(10) ? std::string(100'000, 'x') : "end");
  }

  std::mt19937 random_;
  int64_t sequence_ = 0;
};

std::unique_ptr<engine::Engine> EngineWithJobs() {
  auto engine = std::move(*engine::Engine::Create({}, {}, Time{}));
  engine::CreateSweep sweep;
  sweep.sweep_id = sweep.display_name = "s";
  for (int i = 1; i <= 3; ++i) {
    engine::Point point;
    point.spec_hash = std::to_string(i);
    point.total_steps = 100;
    point.resources.share = i == 3 ? 50 : 100;
    sweep.points.push_back(point);
  }
  engine->Handle(sweep, Time{});
  return engine;
}

TEST(Fuzz, NoMessageOfAWorkerBreaksTheEngine) {
  const uint32_t seeds = Seeds(300);
  uint32_t taken = 0, refused = 0;
  for (uint32_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("OPTFLEET seed " + std::to_string(seed));
    Fuzzer fuzzer(seed);
    const auto engine = EngineWithJobs();
    Time now{};
    for (int i = 0; i < 40; ++i) {
      now += std::chrono::milliseconds(fuzzer.Below(400'000));
      const auto input = FromWire(fuzzer.Synchronize());
      ++(input ? taken : refused);
      if (!input) continue;
      const engine::Effects effects = engine->Handle(*input, now);
      if (const auto* answer = std::get_if<engine::SynchronizeAnswer>(&effects.answer)) ToWire(*answer);
      if (fuzzer.Chance(3)) {
        engine->Handle(
            engine::RecordsHeld{{{"s", 1 + static_cast<int32_t>(fuzzer.Below(3))}, 1}, fuzzer.Number(), 5},
            now);
      }
      if (engine->next_tick() <= now) engine->Handle(engine::Tick{}, now);
      const auto violations = engine::Violations(engine->state());
      ASSERT_TRUE(violations.empty()) << violations.front();
    }
  }
  EXPECT_GT(taken, 2 * seeds);
  EXPECT_GT(refused, 2 * seeds);
}

TEST(Fuzz, DamagedBytesAreRefusedOrRead) {
  const google::protobuf::LogSilencer text_that_is_not_utf8;
  const uint32_t seeds = Seeds(300) * 10;
  uint32_t parsed = 0;
  for (uint32_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("OPTFLEET seed " + std::to_string(seed));
    Fuzzer fuzzer(seed);
    v1::SynchronizeRequest request;
    if (request.ParseFromString(fuzzer.Damaged(fuzzer.Synchronize().SerializeAsString()))) {
      ++parsed;
      (void)FromWire(request);
    }
    v1::ReportMetricsRequest records;
    if (records.ParseFromString(fuzzer.Damaged(fuzzer.Records().SerializeAsString())))
      (void)FromWire(records);
    (void)FromWire(fuzzer.Records());
  }
  EXPECT_GT(parsed, seeds / 10);
}

}  // namespace
}  // namespace optfleet::rpc
