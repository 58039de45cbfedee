// Checkpoints that outlive their jobs, and pins: written, loaded, read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/store/read_store.h"
#include "coordinator/store/sqlite.h"
#include "coordinator/store/state_store.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

using domain::JobState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

domain::KeptCheckpoint Kept(int job, int64_t step) {
  domain::KeptCheckpoint checkpoint;
  checkpoint.id = {{{{"lr", job}, 1}, step}, 7, "gpu01"};
  checkpoint.path = "/root/kept/x/" + std::to_string(step);
  checkpoint.val_loss = 1.5;
  checkpoint.bytes = 400;
  return checkpoint;
}

class KeptStore : public testing::Test {
 protected:
  void SetUp() override {
    Reopen();
    engine::Changes changes;
    changes.new_sweeps.push_back(NewSweep("lr", 3));
    changes.new_sweeps[0].sweep.keep = {.best_jobs = 2, .best = {}, .last = 1};
    changes.new_sweeps[0].sweep.incarnation = 7;
    changes.workers = {AWorker("gpu01")};
    Commit(changes);
  }
  void Reopen() {
    state_.reset();
    state_ = std::move(*StateStore::Open(folder_.options()));
    metrics_ = std::move(*MetricsStore::Open(folder_.options()));
  }
  void Commit(const engine::Changes& changes) {
    const Status done = state_->Commit(changes);
    ASSERT_TRUE(done.has_value()) << done.error().message();
  }
  engine::SavedState Load() {
    Reopen();
    auto saved = state_->Load();
    EXPECT_TRUE(saved.has_value()) << saved.error().message();
    return saved.value_or(engine::SavedState{});
  }

  TemporaryFolder folder_;
  std::unique_ptr<StateStore> state_;
  std::unique_ptr<MetricsStore> metrics_;
};

TEST_F(KeptStore, EverythingComesBackAsItWasWritten) {
  domain::KeptCheckpoint released = Kept(1, 20);
  released.val_loss.reset();
  released.released_time = At(9);
  engine::Changes changes;
  changes.kept = {{Kept(1, 10), false}, {released, false}, {Kept(2, 10), false}, {Kept(2, 10), true}};
  changes.pins = {{Kept(1, 10).id.name, At(5)}, {Kept(1, 20).id.name, At(5)}, {Kept(1, 20).id.name, {}}};
  Commit(changes);
  const engine::SavedState saved = Load();
  EXPECT_THAT(saved.kept, ElementsAre(Kept(1, 10), released));
  EXPECT_THAT(saved.pins, ElementsAre(Kept(1, 10).id.name));
  EXPECT_EQ(saved.sweeps[0].sweep.keep, (domain::KeepPolicy{2, {}, 1}));
  EXPECT_EQ(saved.sweeps[0].sweep.incarnation, 7);
}

TEST_F(KeptStore, WhatGoesAndComesAgainInOneCommitIsThere) {
  engine::Changes changes;
  changes.kept = {{Kept(1, 10), false}};
  Commit(changes);
  changes.kept = {{Kept(1, 10), true}, {Kept(1, 10), false}};
  Commit(changes);
  EXPECT_THAT(Load().kept, ElementsAre(Kept(1, 10)));
}

TEST_F(KeptStore, AsManyOfTheBestJobsAreLoadedAsKeepTheirs) {
  engine::Changes changes;
  const double objectives[] = {2.0, 1.0, 1.0};
  for (int i = 1; i <= 3; ++i) {
    domain::JobStatus status;
    status.state = JobState::kEnded;
    status.outcome = Outcome::kSucceeded;
    status.objective = objectives[i - 1];
    changes.jobs.push_back({{"lr", i}, status});
  }
  Commit(changes);
  EXPECT_THAT(Load().sweeps[0].best, ElementsAre(Pair(1.0, 2), Pair(1.0, 3)));
}

TEST_F(KeptStore, WhatOpenJobsStartFromIsFoundInTheirSpecs) {
  const std::string at = "/r/kept/sweeps-lr-jobs-1-attempts-1.7/step-000000000010/weights.safetensors";
  engine::Changes changes;
  changes.new_sweeps.push_back(NewSweep("next", 4));
  changes.new_sweeps[0].sweep.names_kept = true;
  auto& jobs = changes.new_sweeps[0].jobs;
  jobs[0].spec_json = R"({"start":{"weights":")" + at + R"("},"seed":1})";  // the others are kept by this one
  jobs[1].spec_json = R"({"start":{"weights":")" + at + R"("},"seed":2})";
  jobs[2].spec_json = R"({"start":{"weights":"none"},"seed":1})";
  jobs[3].spec_json = R"({"start":{"weights":")" + at + R"("},"seed":4})";
  Commit(changes);
  changes = {};
  domain::JobStatus ended;
  ended.state = JobState::kEnded;
  ended.outcome = Outcome::kSucceeded;
  changes.jobs = {{{"next", 1}, ended}, {{"next", 4}, ended}};
  Commit(changes);
  const CheckpointName name{{{"lr", 1}, 1}, 10};
  EXPECT_THAT(Load().starts, ElementsAre(Pair(JobName{"next", 2}, ElementsAre(name))));
}

TEST_F(KeptStore, ReadersSeeThemInOrderAndPages) {
  engine::Changes changes;
  for (int job = 1; job <= 3; ++job)
    for (const int64_t step : {20, 10}) changes.kept.push_back({Kept(job, step), false});
  changes.pins = {{Kept(2, 10).id.name, At(5)}};
  Commit(changes);
  const auto read = std::move(*ReadStore::Open(folder_.path()));
  std::vector<std::string> seen;
  std::optional<domain::KeptId> after;
  while (true) {
    const auto page = read->ListCheckpoints("lr", {}, after, 4);
    ASSERT_TRUE(page.has_value()) << page.error().message();
    for (const CheckpointView& view : *page)
      seen.push_back(ToResource(view.checkpoint.id.name).substr(10) + (view.pinned ? " pinned" : ""));
    if (page->size() < 4) break;
    after = page->back().checkpoint.id;
  }
  EXPECT_THAT(seen, ElementsAre("jobs/1/attempts/1/checkpoints/10", "jobs/1/attempts/1/checkpoints/20",
                                "jobs/2/attempts/1/checkpoints/10 pinned", "jobs/2/attempts/1/checkpoints/20",
                                "jobs/3/attempts/1/checkpoints/10", "jobs/3/attempts/1/checkpoints/20"));
  const auto of_job = read->ListCheckpoints("lr", 3, {}, 10);
  ASSERT_TRUE(of_job.has_value());
  EXPECT_EQ(of_job->size(), 2U);
  EXPECT_EQ(read->ListCheckpoints("lr", 4, {}, 10).error().code(), Code::kNotFound);
  EXPECT_EQ(read->ListCheckpoints("none", {}, {}, 10).error().code(), Code::kNotFound);
  EXPECT_TRUE(read->GetCheckpoint(Kept(2, 10).id.name)->pinned);
  EXPECT_EQ(read->GetCheckpoint({{{"lr", 1}, 1}, 11}).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace optfleet::store
