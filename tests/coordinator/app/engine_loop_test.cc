#include "coordinator/app/engine_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace optfleet::app {
namespace {

constexpr Time kNow{std::chrono::hours(24 * 365 * 50)};

// Keeps nothing; says no when told to, and lets the test hold a commit.
class FakeStore final : public store::StateStore {
 public:
  Result<engine::SavedState> Load() override { return engine::SavedState{}; }
  Status Commit(const engine::Changes& changes) override {
    if (hold.valid()) hold.wait();
    if (full) return Fail(Code::kResourceExhausted, "the disk is full");
    sweeps += changes.new_sweeps.size();
    ++commits;
    return {};
  }
  Result<std::string> SpecOf(const JobName& job) override { return "spec of " + ToResource(job); }
  Result<bool> PruneEvents(Time) override { return false; }
  int64_t incarnation() const override { return 1; }
  int64_t wal_bytes() const override { return 0; }

  std::shared_future<void> hold;
  std::atomic<bool> full = false;
  std::atomic<size_t> sweeps = 0;
  std::atomic<int> commits = 0;
};

engine::CreateSweep OneJob(const std::string& id) {
  engine::CreateSweep input;
  input.sweep_id = id;
  input.display_name = id;
  input.points.push_back({.spec_json = "{}", .spec_hash = "hash", .parameters = {}, .total_steps = 10});
  return input;
}

class Loop : public testing::Test {
 protected:
  void Start(FakeStore* prepared = new FakeStore) {
    store_ = prepared;
    auto engine = engine::Engine::Create({}, {}, kNow);
    ASSERT_TRUE(engine);
    loop_ = std::make_unique<EngineLoop>(
        *std::move(engine), std::unique_ptr<store::StateStore>(prepared),
        EngineLoopHooks{
            .now = [] { return kNow; },
            .committed = [](const std::vector<domain::Attempt>&) {},
            .watched =
                [this](const std::map<std::string, std::string>& objectives) { watched_ = objectives; },
            .happened = [this](const std::vector<domain::Event>& events) { events_ += events.size(); },
            .handled = [this](double) { ++handled_; },
            .stored = [](double) {},
            .due = [](const std::set<std::string>&) {},
            .failed = [this](const Error& error) { failures_.push_back(error); }},
        Duration(0));
  }

  std::map<std::string, std::string> watched_;  // written by the loop before an answer leaves; outlives it
  std::unique_ptr<EngineLoop> loop_;
  FakeStore* store_ = nullptr;  // the loop's
  std::atomic<size_t> events_ = 0;
  std::atomic<int> handled_ = 0;
  std::vector<Error> failures_;
};

TEST_F(Loop, TellsWhatIsWatchedBeforeItAnswers) {
  Start();
  engine::CreateSweep sweep = OneJob("lr");
  sweep.objective = {.metric = "val_bits_per_byte"};
  sweep.search.stop.emplace().plateau = {.patience = {.share = 0, .steps = 10}, .min_delta = 0};
  std::promise<std::map<std::string, std::string>> answered;
  ASSERT_TRUE(loop_->Post(sweep, [&](const engine::Answer& /*answer*/) { answered.set_value(watched_); }));
  EXPECT_THAT(answered.get_future().get(), testing::ElementsAre(testing::Pair("lr", "val_bits_per_byte")));
}

// A job that runs, and what is observed of it while the loop is at work: none of it may be lost.
TEST_F(Loop, ObservationsThatWaitAreHeardTogether) {
  Start();
  engine::CreateSweep sweep = OneJob("lr");
  sweep.search.stop.emplace().plateau = {.patience = {.share = 0, .steps = 10}, .min_delta = 0};
  const auto ask = [&](engine::Input input) {
    std::promise<engine::Answer> answered;
    EXPECT_TRUE(
        loop_->Post(std::move(input), [&](engine::Answer answer) { answered.set_value(std::move(answer)); }));
    return answered.get_future().get();
  };
  ask(sweep);
  engine::Synchronize says;
  says.worker_id = "a";
  says.session = 1;
  says.slots = {domain::Slot()};
  const auto synchronize = [&] {
    ++says.sequence;
    return std::get<engine::SynchronizeAnswer>(ask(says));
  };
  synchronize();
  const auto given = synchronize();
  ASSERT_EQ(given.attempts.size(), 1u);
  engine::AttemptStatus status;
  status.attempt = given.attempts[0].attempt;
  status.fence = given.attempts[0].fence;
  status.state = engine::AttemptStatus::State::kRunning;
  status.slots = {0};
  says.attempts = {status};
  synchronize();
  loop_->TellHeld({status.attempt, 1, 10, {{10, 1.0}}});
  loop_->TellHeld({status.attempt, 2, 20, {{20, 1.0}}});
  loop_->TellHeld({status.attempt, 3, 21, {}});
  const auto told = synchronize();
  ASSERT_EQ(told.attempts.size(), 1u);
  EXPECT_EQ(told.attempts[0].stop_outcome, Outcome::kStoppedEarly);
}

TEST_F(Loop, AnswersAfterTheCommit) {
  Start();
  std::promise<engine::Answer> answered;
  ASSERT_TRUE(loop_->Post(OneJob("lr"), [&](engine::Answer answer) {
    EXPECT_EQ(store_->sweeps, 1u) << "spoke before it persisted";
    answered.set_value(std::move(answer));
  }));
  const engine::Answer answer = answered.get_future().get();
  ASSERT_TRUE(std::holds_alternative<engine::SweepAnswer>(answer));
  EXPECT_EQ(std::get<engine::SweepAnswer>(answer).sweep_id, "lr");
}

TEST_F(Loop, InputsThatWaitedShareOneCommit) {
  std::promise<void> go_on;
  auto* store = new FakeStore;
  store->hold = go_on.get_future().share();
  Start(store);
  std::vector<std::future<engine::Answer>> answers;
  for (int i = 0; i < 100; ++i) {
    auto answered = std::make_shared<std::promise<engine::Answer>>();
    answers.push_back(answered->get_future());
    ASSERT_TRUE(loop_->Post(OneJob("s" + std::to_string(i)),
                            [answered](engine::Answer answer) { answered->set_value(std::move(answer)); }));
  }
  go_on.set_value();
  for (auto& answer : answers) EXPECT_TRUE(std::holds_alternative<engine::SweepAnswer>(answer.get()));
  EXPECT_EQ(store_->sweeps, 100u);
  EXPECT_LE(store_->commits, 101)
      << "at most the one that was held, and one for all others, if all were posted meanwhile";
  EXPECT_EQ(handled_, 100);
  EXPECT_GE(events_, 100u);
}

TEST_F(Loop, AFailedCommitIsNeverAcknowledgedAndStopsTheLoop) {
  auto* store = new FakeStore;
  store->full = true;
  Start(store);
  std::promise<engine::Answer> answered;
  ASSERT_TRUE(
      loop_->Post(OneJob("lr"), [&](engine::Answer answer) { answered.set_value(std::move(answer)); }));
  const engine::Answer answer = answered.get_future().get();
  ASSERT_TRUE(std::holds_alternative<Error>(answer));
  EXPECT_EQ(std::get<Error>(answer).code(), Code::kUnavailable);
  EXPECT_THAT(std::get<Error>(answer).message(), testing::HasSubstr("the disk is full"));

  loop_->Stop();

  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_EQ(failures_[0].code(), Code::kResourceExhausted);
  EXPECT_FALSE(loop_->Post(OneJob("b"), [](engine::Answer) { FAIL(); }))
      << "an engine that is ahead of the disk was used";
}

TEST_F(Loop, StopHandlesWhatWaits) {
  std::promise<void> go_on;
  auto* store = new FakeStore;
  store->hold = go_on.get_future().share();
  Start(store);
  std::atomic<int> answered = 0;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(loop_->Post(OneJob("s" + std::to_string(i)), [&](engine::Answer answer) {
      EXPECT_TRUE(std::holds_alternative<engine::SweepAnswer>(answer));
      ++answered;
    }));
  }
  go_on.set_value();
  loop_->Stop();
  EXPECT_EQ(answered, 10);
  EXPECT_TRUE(failures_.empty());
}

TEST_F(Loop, RefusesAboveItsLimit) {
  std::promise<void> go_on;
  auto* store = new FakeStore;
  store->hold = go_on.get_future().share();
  Start(store);
  size_t taken = 0;
  while (loop_->Post(OneJob("s" + std::to_string(taken)), [](engine::Answer) {})) ++taken;
  EXPECT_GE(taken, EngineLoop::kPeopleLimit);
  EXPECT_LE(taken, EngineLoop::kPeopleLimit + EngineLoop::kBatchLimit);
  for (const engine::Input& input :
       {engine::Input(engine::AddPoints{"s", {}}), engine::Input(engine::FinishSweep{"s"}),
        engine::Input(engine::AbandonSweep{"s"})})
    EXPECT_TRUE(loop_->Post(input, [](engine::Answer) {})) << "a sweep would stay half written";
  go_on.set_value();
}

// A flood of submissions fills its own queue; the heartbeat that comes last is answered before most of it.
TEST_F(Loop, WorkersComeFirstAndPeopleAreNotForgotten) {
  std::promise<void> go_on;
  auto* store = new FakeStore;
  store->hold = go_on.get_future().share();
  Start(store);
  size_t taken = 0, answered = 0;
  size_t before_the_heartbeat = 0;
  std::promise<void> heard;
  while (loop_->Post(OneJob("s" + std::to_string(taken)), [&](engine::Answer) { ++answered; })) ++taken;
  engine::Synchronize heartbeat;
  heartbeat.worker_id = "w";
  heartbeat.session = heartbeat.sequence = 1;
  ASSERT_TRUE(loop_->Post(heartbeat, [&](engine::Answer) {
    before_the_heartbeat = answered;
    heard.set_value();
  })) << "a full queue of people must not refuse a worker";
  go_on.set_value();
  heard.get_future().wait();
  EXPECT_LE(before_the_heartbeat, EngineLoop::kBatchLimit + 1);
  loop_->Stop();
  EXPECT_EQ(answered, taken);
}

TEST_F(Loop, LooksBetweenTwoBatches) {
  Start();
  std::promise<int64_t> sweeps;
  loop_->Post(OneJob("lr"), [&](engine::Answer) {
    loop_->Inspect([&](const engine::Engine& engine) {
      sweeps.set_value(engine.TakeCensus().sweeps_by_state["active"]);
    });
  });
  EXPECT_EQ(sweeps.get_future().get(), 1);
}

}  // namespace
}  // namespace optfleet::app
