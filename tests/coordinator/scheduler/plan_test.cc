#include "coordinator/scheduler/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace optfleet::scheduler {
namespace {

using domain::SlotKind;
using testing::ElementsAre;
using testing::IsEmpty;

Time At(int seconds) { return Time(std::chrono::seconds(seconds)); }

WorkerOffer Worker(const std::string& id, int free, SlotKind kind = SlotKind::kCpu) {
  WorkerOffer worker;
  worker.worker = id;
  worker.slots = free;
  for (int i = 0; i < free; ++i) worker.free.push_back({i, kind});
  return worker;
}

WorkerOffer Away(const std::string& id, const std::string& why, std::optional<Time> fresh_at = {}) {
  WorkerOffer worker = Worker(id, 2);
  worker.unavailable = why;
  worker.fresh_at = fresh_at;
  return worker;
}

RequestClass Class(const std::string& bound_worker, std::vector<Request> head) {
  RequestClass requests;
  requests.bound_worker = bound_worker;
  requests.count = static_cast<int64_t>(head.size());
  requests.head = std::move(head);
  return requests;
}

// "1@a/0": job 1 on slot 0 of a.
std::vector<std::string> Placements(const Plan& plan) {
  std::vector<std::string> texts;
  for (const Placement& p : plan.placements) {
    texts.push_back(std::to_string(p.job.job) + "@" + p.worker + "/" + std::to_string(p.slots.at(0)));
  }
  return texts;
}

TEST(Plan, PriorityThenAgeThenJobId) {
  Snapshot snapshot;
  snapshot.workers = {Worker("a", 3)};
  snapshot.classes = {
      Class("", {{{"s", 7}, 1, At(9)}, {{"s", 3}, 0, At(1)}, {{"s", 4}, 0, At(1)}, {{"s", 1}, 0, At(5)}})};
  const Plan plan = MakePlan(snapshot, {});
  EXPECT_THAT(Placements(plan), ElementsAre("7@a/0", "3@a/1", "4@a/2"));
  ASSERT_EQ(plan.waiting.size(), 1U);
  EXPECT_EQ(plan.waiting[0].count, 1);
  EXPECT_EQ(plan.waiting[0].reason, "all 3 slots are taken");
}

TEST(Plan, SpreadsOverWorkersOrPacksThem) {
  Snapshot snapshot;
  snapshot.workers = {Worker("a", 1), Worker("b", 3)};
  snapshot.classes = {Class("", {{{"s", 1}, 0, At(0)}, {{"s", 2}, 0, At(0)}, {{"s", 3}, 0, At(0)}})};
  EXPECT_THAT(Placements(MakePlan(snapshot, {Policy::Tie::kSpread})), ElementsAre("1@b/0", "2@b/1", "3@a/0"));
  EXPECT_THAT(Placements(MakePlan(snapshot, {Policy::Tie::kPack})), ElementsAre("1@a/0", "2@b/0", "3@b/1"));
}

TEST(Plan, GpuSlotsComeFirst) {
  Snapshot snapshot;
  snapshot.workers = {Worker("a", 4), Worker("z", 1, SlotKind::kGpu)};
  snapshot.classes = {Class("", {{{"s", 1}, 0, At(0)}})};
  EXPECT_THAT(Placements(MakePlan(snapshot, {})), ElementsAre("1@z/0"));
}

TEST(Plan, ABoundJobGoesToItsWorkerAndDoesNotHoldUpOthers) {
  Snapshot snapshot;
  snapshot.workers = {Worker("a", 0), Worker("b", 2)};
  snapshot.workers[0].slots = 2;
  snapshot.classes = {Class("", {{{"s", 3}, 0, At(5)}}), Class("a", {{{"s", 1}, 9, At(0)}}),
                      Class("b", {{{"s", 2}, 0, At(9)}})};
  const Plan plan = MakePlan(snapshot, {});
  EXPECT_THAT(Placements(plan), ElementsAre("3@b/0", "2@b/1"));
  ASSERT_EQ(plan.waiting.size(), 1U);
  EXPECT_EQ(plan.waiting[0].bound_worker, "a");
  EXPECT_EQ(plan.waiting[0].reason, "its checkpoint is on worker a: all its 2 slots are taken");
}

TEST(Plan, SaysWhyNothingStarts) {
  const auto reason = [](std::vector<WorkerOffer> workers, const std::string& bound) {
    Snapshot snapshot;
    snapshot.workers = std::move(workers);
    snapshot.classes = {Class(bound, {{{"s", 1}, 0, At(0)}})};
    const Plan plan = MakePlan(snapshot, {});
    EXPECT_THAT(plan.placements, IsEmpty());
    return plan.waiting.at(0).reason;
  };
  EXPECT_EQ(reason({}, ""), "no worker has connected yet");
  EXPECT_EQ(reason({Worker("a", 0)}, ""), "the workers that are there have no slots");
  EXPECT_EQ(reason({Away("a", "is draining"), Away("b", "has left")}, ""),
            "no worker takes new attempts: a is draining, b has left");
  EXPECT_EQ(
      reason({Away("a", "has left", At(600))}, "a"),
      "its checkpoint is on worker a, which has left; without it the job goes on elsewhere at 00:10:00");
  EXPECT_EQ(reason({Worker("b", 1)}, "a"), "its checkpoint is on worker a, which is not known");
}

// Random snapshots: never above capacity, never twice, never a reasonless wait, nothing left that would fit.
TEST(Plan, KeepsItsPromisesForAnySnapshot) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Snapshot snapshot;
    for (int i = 0; i < static_cast<int>(random() % 5); ++i) {
      snapshot.workers.push_back(Worker("w" + std::to_string(i), static_cast<int>(random() % 4)));
      if (random() % 4 == 0) snapshot.workers.back().unavailable = "has left";
    }
    int job = 0;
    std::set<JobName> all;
    for (int c = 0; c < 4; ++c) {
      std::vector<Request> head;
      for (int i = 0; i < static_cast<int>(random() % 6); ++i) head.push_back({{"s", ++job}, 0, At(job)});
      for (const Request& request : head) all.insert(request.job);
      snapshot.classes.push_back(Class(c == 0 ? "" : "w" + std::to_string(c), head));
    }
    const Plan plan = MakePlan(snapshot, {});
    std::set<JobName> placed;
    std::set<std::pair<std::string, int32_t>> used;
    for (const Placement& placement : plan.placements) {
      EXPECT_TRUE(placed.insert(placement.job).second);
      EXPECT_TRUE(used.insert({placement.worker, placement.slots.at(0)}).second);
    }
    int64_t waiting = 0;
    for (const Waiting& wait : plan.waiting) {
      waiting += wait.count;
      EXPECT_FALSE(wait.reason.empty());
      for (const WorkerOffer& worker : snapshot.workers) {
        if (!worker.unavailable.empty() || (!wait.bound_worker.empty() && worker.worker != wait.bound_worker))
          continue;
        for (const FreeSlot& slot : worker.free) EXPECT_TRUE(used.contains({worker.worker, slot.index}));
      }
    }
    EXPECT_EQ(static_cast<size_t>(waiting) + placed.size(), all.size());
  }
}

}  // namespace
}  // namespace optfleet::scheduler
