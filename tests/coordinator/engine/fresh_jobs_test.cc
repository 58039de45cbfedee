#include "coordinator/engine/fresh_jobs.h"

#include <gmock/gmock.h>

#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using testing::ElementsAre;

JobKind Kind(int64_t steps) { return {.resources = {}, .total_steps = steps, .create_time = Time{}}; }

std::vector<int32_t> NumbersOf(const FreshJobs& jobs) {
  std::vector<int32_t> numbers;
  jobs.ForEach([&](int32_t number, const JobKind&) { numbers.push_back(number); });
  return numbers;
}

TEST(FreshJobs, AreFoundByNumberUntilTheyAreRemoved) {
  FreshJobs jobs;
  jobs.Add(3, Kind(10));
  jobs.Add(1, Kind(20));
  jobs.Add(4, Kind(20));
  EXPECT_EQ(jobs.Find(4)->total_steps, 20);
  EXPECT_EQ(jobs.Find(3)->total_steps, 10);
  EXPECT_EQ(jobs.Find(2), nullptr);
  EXPECT_EQ(jobs.Find(0), nullptr);
  EXPECT_EQ(jobs.Find(5), nullptr);
  EXPECT_THAT(NumbersOf(jobs), ElementsAre(1, 3, 4));
  jobs.Remove(3);
  EXPECT_EQ(jobs.Find(3), nullptr);
  EXPECT_EQ(jobs.size(), 2);
  jobs.Add(3, Kind(30));
  EXPECT_EQ(jobs.Find(3)->total_steps, 30);
}

TEST(FreshJobs, BecomeLiveWhenSomethingHappensToThem) {
  ClusterStory story;
  story.Submit(Jobs(5));
  const State& state = story.engine().state();
  EXPECT_TRUE(state.jobs.empty());
  story.Worker("a").Takes("job-1");
  EXPECT_EQ(state.jobs.size(), 1U);
  EXPECT_EQ(state.sweeps.at("lr").fresh.size(), 4);
  story.Cancel(JobName{"lr", 3});
  EXPECT_EQ(state.sweeps.at("lr").fresh.size(), 3);
  EXPECT_EQ(story.OutcomeOf("job-3"), Outcome::kCancelled);
  story.Cancel("lr");
  EXPECT_EQ(state.sweeps.at("lr").fresh.size(), 0);
  EXPECT_EQ(state.jobs.size(), 1U) << "the one that runs is being stopped";
}

TEST(FreshJobs, AreOpenToAWorkerThatTellsOfAnUndoneAttemptInAnOldMessage) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Give(Hello("a", 1, 5));
  Synchronize old = Hello("a", 1, 3);
  old.attempts = {Running("lr", 1, Fence{.incarnation = 1, .attempt = 1})};
  const Answer answer = story.Give(old);
  const auto& told = std::get<SynchronizeAnswer>(answer);
  ASSERT_EQ(told.forget.size(), 1U);
  EXPECT_THAT(told.forget[0].reason, testing::HasSubstr("does not know it")) << "the job has not ended";
  EXPECT_EQ(story.StateOf("job-1"), domain::JobState::kQueued);
}

}  // namespace
}  // namespace optfleet::engine
