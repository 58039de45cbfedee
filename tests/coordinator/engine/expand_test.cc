// Large sweeps that come in parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/engine/engine.h"
#include "coordinator/engine/invariants.h"
#include "coordinator/engine/state.h"

namespace optfleet::engine {
namespace {

using testing::IsEmpty;

constexpr Time kNow{std::chrono::hours(24 * 365 * 50)};

class Expand : public testing::Test {
 protected:
  Expand() { engine_ = *Engine::Create({}, {}, kNow); }

  // The answer's sweep, or what was wrong.
  std::string Give(const Input& input) {
    Effects effects = engine_->Handle(input, kNow);
    EXPECT_THAT(Violations(engine_->state()), IsEmpty());
    changes_ = std::move(effects.changes);
    if (const auto* error = std::get_if<Error>(&effects.answer)) return std::string(CodeName(error->code()));
    return std::get<SweepAnswer>(effects.answer).sweep_id +
           (std::get<SweepAnswer>(effects.answer).repeated ? " again" : "");
  }
  static BeginSweep Begin(const std::string& request_id = "r1") {
    BeginSweep begin;
    begin.sweep.request_id = request_id;
    begin.sweep.sweep_id = "large";
    return begin;
  }
  AddPoints Points(int count) {
    AddPoints part{"large", {}};
    for (int i = 0; i < count; ++i)
      part.points.push_back({.spec_json = "{}",
                             .spec_hash = "hash" + std::to_string(++points_),
                             .parameters = {},
                             .total_steps = 10});
    return part;
  }
  // A worker with slots asks for work; how much it gets.
  size_t Offered() {
    Synchronize worker;
    worker.worker_id = "a";
    worker.session = 1;
    worker.sequence = ++sequence_;
    worker.slots.resize(2);
    worker.slots[1].index = 1;
    const Effects effects = engine_->Handle(worker, kNow);
    return std::get<SynchronizeAnswer>(effects.answer).attempts.size();
  }

  std::unique_ptr<Engine> engine_;
  Changes changes_;  // of the last input
  int points_ = 0;
  int64_t sequence_ = 0;
};

TEST_F(Expand, NothingStartsBeforeItIsFinished) {
  EXPECT_EQ(Give(Begin()), "large");
  EXPECT_EQ(changes_.new_sweeps.at(0).sweep.state, domain::SweepState::kExpanding);
  EXPECT_EQ(Give(Points(3)), "large");
  EXPECT_EQ(changes_.new_jobs.size(), 3U);
  EXPECT_EQ(changes_.new_jobs.back().spec_hash, "hash3") << "the store gets the jobs whole";
  EXPECT_EQ(Offered(), 0U);
  EXPECT_EQ(Give(Points(2)), "large");
  EXPECT_EQ(changes_.new_jobs.back().name.job, 5);

  EXPECT_EQ(Give(FinishSweep{"large", 7}), "large");

  EXPECT_EQ(changes_.sweeps.at(0).state, domain::SweepState::kActive);
  EXPECT_EQ(changes_.sweeps.at(0).job_count, 5);
  EXPECT_EQ(changes_.sweeps.at(0).merged_points, 7);
  EXPECT_EQ(changes_.requests.at(0).id, "r1");
  EXPECT_EQ(Offered(), 2U);
}

TEST_F(Expand, ARepeatIsAnsweredByTheFirst) {
  Give(Begin());
  EXPECT_EQ(Give(Begin()), "UNAVAILABLE") << "not finished, so nothing has been promised";
  EXPECT_EQ(Give(Begin("r2")), "ALREADY_EXISTS");
  Give(Points(1));
  Give(FinishSweep{"large", 7});
  EXPECT_EQ(Give(Begin()), "large again");
  BeginSweep other = Begin();
  other.sweep.display_name = "another";
  EXPECT_EQ(Give(other), "INVALID_ARGUMENT");
}

TEST_F(Expand, AnAbandonedOneGoesInPortionsAndLeavesNothing) {
  Give(Begin());
  Give(Points(900));
  Give(Points(900));
  EXPECT_EQ(Give(AbandonSweep{"large"}), "large");
  EXPECT_EQ(changes_.dropped_jobs.at(0).above, 800);
  EXPECT_EQ(Give(AbandonSweep{"large"}), "large");
  EXPECT_EQ(changes_.dropped_jobs.at(0).above, 0);
  EXPECT_EQ(Give(AbandonSweep{"large"}), "NOT_FOUND");
  EXPECT_EQ(engine_->state().open_jobs(), 0);
  EXPECT_EQ(Give(Begin()), "large") << "the id is free again";
}

TEST_F(Expand, APointThatTheSweepHasIsRefused) {
  Give(Begin());
  const AddPoints part = Points(3);
  Give(part);
  EXPECT_EQ(Give(part), "INVALID_ARGUMENT");
  EXPECT_TRUE(changes_.new_jobs.empty());
  EXPECT_EQ(engine_->state().open_jobs(), 3);
}

TEST_F(Expand, NobodyCancelsOrFinishesWhatIsNotThereYet) {
  EXPECT_EQ(Give(Points(1)), "NOT_FOUND");
  EXPECT_EQ(Give(FinishSweep{"large", 7}), "NOT_FOUND");
  Give(Begin());
  EXPECT_EQ(Give(FinishSweep{"large", 7}), "INVALID_ARGUMENT") << "it has no points";
  EXPECT_EQ(Give(CancelSweep{.request_id = {}, .sweep_id = "large", .reason = {}}), "NOT_FOUND");
  Give(Points(1));
  EXPECT_EQ(Give(CancelJob{.request_id = {}, .job = {"large", 1}, .reason = {}}), "NOT_FOUND");
}

// A sweep of two jobs that is extended in parts.
class ExtendInParts : public Expand {
 protected:
  ExtendInParts() {
    CreateSweep sweep;
    sweep.sweep_id = "large";
    sweep.points = Points(2).points;
    Give(sweep);
  }
  const domain::Sweep& Row() const { return engine_->state().sweeps.at("large").row; }
  BeginExtension More(const std::string& request_id = "e1") const {
    BeginExtension begin;
    begin.extension.request_id = request_id;
    begin.extension.sweep_id = "large";
    begin.extension.content_hash = "file";
    begin.extension.revision = Row().revision;
    begin.extension.objective = {.metric = "val_loss"};
    begin.extension.axes = {"training.seed"};
    return begin;
  }
};

TEST_F(ExtendInParts, TheSweepGoesOnAndGetsAllAtOnce) {
  EXPECT_EQ(Give(More()), "large");
  EXPECT_EQ(Give(Points(3)), "large");
  EXPECT_EQ(changes_.new_jobs.at(0).name.job, 3);
  EXPECT_EQ(Row().job_count, 2);
  EXPECT_EQ(engine_->state().open_jobs(), 2) << "nothing of it is seen before";
  EXPECT_EQ(Offered(), 2U) << "what the sweep has goes on";
  EXPECT_EQ(Give(CancelJob{.request_id = {}, .job = {"large", 3}, .reason = {}}), "NOT_FOUND");
  EXPECT_EQ(Give(Points(2)), "large");

  EXPECT_EQ(Give(FinishSweep{"large", 4}), "large");

  EXPECT_EQ(changes_.extensions.at(0).revision, 2);
  EXPECT_EQ(changes_.sweeps.at(0).job_count, 7);
  EXPECT_EQ(changes_.sweeps.at(0).merged_points, 4);
  EXPECT_EQ(changes_.requests.at(0).subject, "sweeps/large/jobs/3-7");
  EXPECT_EQ(engine_->state().open_jobs(), 7);
  EXPECT_TRUE(engine_->state().extending.empty());
}

TEST_F(ExtendInParts, ARepeatIsAnsweredByTheFirstAndOthersWait) {
  const BeginExtension begin = More();
  Give(begin);
  EXPECT_EQ(Give(begin), "UNAVAILABLE") << "not finished, so nothing has been promised";
  EXPECT_EQ(Give(More("e2")), "ABORTED");
  EXPECT_EQ(Give(More("e2").extension), "ABORTED") << "a small one would take its numbers";
  EXPECT_EQ(Give(CancelSweep{.request_id = "e1", .sweep_id = "large", .reason = {}}), "INVALID_ARGUMENT");
  Give(Points(1));
  Give(FinishSweep{"large", 0});
  EXPECT_EQ(Give(begin), "large again");
  EXPECT_EQ(Give(begin.extension), "large again") << "whatever it would be now";
}

TEST_F(ExtendInParts, AnAbandonedOneLeavesTheSweepAsItWas) {
  const domain::Sweep before = Row();
  Give(More());
  Give(Points(700));
  Give(Points(700));
  EXPECT_EQ(Give(AbandonSweep{"large"}), "large");
  EXPECT_EQ(changes_.dropped_jobs.at(0).above, 402);
  EXPECT_EQ(Give(AbandonSweep{"large"}), "large");
  EXPECT_EQ(changes_.dropped_jobs.at(0).above, 2);
  EXPECT_EQ(Give(AbandonSweep{"large"}), "NOT_FOUND");
  EXPECT_EQ(Row(), before);
  EXPECT_EQ(Give(More()), "large") << "it may begin anew";
}

TEST_F(ExtendInParts, ASweepThatIsCancelledMeanwhileStaysCancelled) {
  Give(More());
  Give(Points(3));
  Give(CancelSweep{.request_id = {}, .sweep_id = "large", .reason = {}});
  EXPECT_EQ(Give(Points(1)), "FAILED_PRECONDITION");
  EXPECT_EQ(Give(FinishSweep{"large", 0}), "FAILED_PRECONDITION");
  EXPECT_EQ(Give(AbandonSweep{"large"}), "large");
  EXPECT_EQ(Row().state, domain::SweepState::kCancelled);
  EXPECT_EQ(Row().job_count, 2);
}

TEST_F(ExtendInParts, WhatEndedMeanwhileIsOpenAgain) {
  Give(More());
  Give(Points(1));
  Give(CancelJobs{.request_id = {}, .sweep_id = "large", .jobs = {1, 2}, .reason = {}});
  EXPECT_EQ(Row().state, domain::SweepState::kEnded);
  EXPECT_EQ(Give(FinishSweep{"large", 0}), "large");
  EXPECT_EQ(Row().state, domain::SweepState::kActive);
  EXPECT_EQ(Offered(), 1U);
}

TEST_F(ExtendInParts, NothingNewChangesNothing) {
  const domain::Sweep before = Row();
  Give(More());
  AddPoints part{"large", {}, {{1, {{"training.seed", "1"}}}}};
  EXPECT_EQ(Give(part), "large");
  EXPECT_EQ(changes_.new_parameters.size(), 1U);
  EXPECT_EQ(Give(FinishSweep{"large", 0}), "large");
  EXPECT_EQ(Row(), before);
}

}  // namespace
}  // namespace optfleet::engine
