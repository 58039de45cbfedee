#include "coordinator/scheduler/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <set>

#include "coordinator/scheduler/explain.h"
#include "coordinator/scheduler/fit.h"
#include "coordinator/scheduler/reasons.h"
#include "tests/coordinator/scheduler/fleet.h"

namespace optfleet::scheduler {
namespace {

using domain::SlotKind;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kGiB = int64_t{1} << 30;

domain::Resources Gang(int32_t slots) { return {.slots = slots}; }
domain::Resources Share(int32_t share) { return {.share = share}; }
domain::Resources Memory(int64_t bytes, bool predicted = false) {
  return {.memory_bytes = bytes, .memory_is_predicted = predicted};
}

RequestClass Bound(RequestClass one, const std::string& worker) {
  one.bound_worker = worker;
  return one;
}

RequestClass Urgent(RequestClass one, int32_t priority) {
  one.priority = priority;
  return one;
}

RequestClass Lasting(RequestClass one, int seconds) {
  one.expected = std::chrono::seconds(seconds);
  return one;
}

TEST(Plan, PriorityThenAgeThenJobId) {
  Fleet fleet{.workers = {Machine("a", 3)},
              .classes = {Waits({{3, 1}, {4, 1}, {1, 5}}), Urgent(Waits({{7, 9}}, {}, "t"), 1)}};
  const Plan plan = fleet.Make();
  EXPECT_THAT(Placements(plan), ElementsAre("7@a/0", "3@a/1", "4@a/2"));
  ASSERT_EQ(plan.waiting.size(), 1U);
  EXPECT_EQ(plan.waiting[0].count, 1);
  EXPECT_EQ(plan.waiting[0].reason, "all 3 slots are taken");
}

TEST(Plan, SpreadsOverWorkersOrPacksThem) {
  Fleet fleet{.workers = {Machine("a", 1), Machine("b", 3)}, .classes = {Waits({{1, 0}, {2, 0}, {3, 0}})}};
  EXPECT_THAT(Placements(fleet.Make({Policy::Tie::kSpread})), ElementsAre("1@b/0", "2@b/1", "3@a/0"));
  EXPECT_THAT(Placements(fleet.Make({Policy::Tie::kPack})), ElementsAre("1@a/0", "2@b/0", "3@b/1"));
}

TEST(Plan, GpuSlotsComeFirst) {
  Fleet fleet{.workers = {Machine("a", 4), Machine("z", 1, SlotKind::kGpu)}, .classes = {Waits({{1, 0}})}};
  EXPECT_THAT(Placements(fleet.Make()), ElementsAre("1@z/0"));
}

TEST(Plan, ABoundJobGoesToItsWorkerAndDoesNotHoldUpOthers) {
  Fleet fleet{.workers = {Machine("a", 2), Machine("b", 2)},
              .classes = {Waits({{3, 5}}), Bound(Waits({{1, 0}}), "a"), Bound(Waits({{2, 9}}), "b")}};
  Occupy(&fleet.workers[0], 0);
  Occupy(&fleet.workers[0], 1);
  const Plan plan = fleet.Make();
  EXPECT_THAT(Placements(plan), ElementsAre("3@b/0", "2@b/1"));
  ASSERT_EQ(plan.waiting.size(), 1U);
  EXPECT_EQ(plan.waiting[0].of_class, 1U);
  EXPECT_EQ(plan.waiting[0].reason, "its checkpoint is on worker a: all its 2 slots are taken");
}

TEST(Plan, KindLabelsAndMemoryChooseTheSlot) {
  domain::Resources gpu{.kind = SlotKind::kGpu};
  domain::Resources labelled{.labels = {"zone=b"}};
  Fleet fleet{
      .workers = {Machine("a", 2, SlotKind::kCpu, 4 * kGiB), Machine("b", 1, SlotKind::kCpu, 16 * kGiB),
                  Machine("c", 1, SlotKind::kGpu, 8 * kGiB)},
      .classes = {Waits({{1, 0}}, Memory(12 * kGiB)), Waits({{2, 1}}, gpu), Waits({{3, 2}}, labelled)}};
  fleet.workers[0].labels = {"zone=b"};
  EXPECT_THAT(Placements(fleet.Make()), ElementsAre("1@b/0", "2@c/0", "3@a/0"));
}

TEST(Plan, APredictionAboveEverySlotTriesTheLargest) {
  Fleet fleet{
      .workers = {Machine("a", 1, SlotKind::kCpu, 4 * kGiB), Machine("b", 1, SlotKind::kCpu, 8 * kGiB)},
      .classes = {Waits({{1, 0}, {2, 0}}, Memory(40 * kGiB, true))}};
  const Plan plan = fleet.Make();
  EXPECT_THAT(Placements(plan), ElementsAre("1@b/0"));
  EXPECT_EQ(plan.waiting.at(0).reason, "the only slot is taken");
}

TEST(Plan, SharesOfASlotRunSideBySideWithinItsMemory) {
  Fleet fleet{.workers = {Machine("a", 1, SlotKind::kGpu, 10 * kGiB)},
              .classes = {Waits({{1, 0}, {2, 0}, {3, 0}}, {.share = 25, .memory_bytes = 4 * kGiB})}};
  const Plan plan = fleet.Make();
  EXPECT_THAT(Placements(plan), ElementsAre("1@a/0", "2@a/0"));
  EXPECT_EQ(plan.waiting.at(0).reason, "the slots that it may use have too little memory left");
}

TEST(Plan, AGangStartsWholeOrNotAtAll) {
  Fleet fleet{.workers = {Machine("a", 3), Machine("b", 4)}, .classes = {Waits({{1, 0}, {2, 0}}, Gang(4))}};
  const Plan plan = fleet.Make();
  EXPECT_THAT(Placements(plan), ElementsAre("1@b/0+1+2+3"));
  EXPECT_EQ(plan.waiting.at(0).reason, "it needs 4 slots of one worker free at the same moment");
}

// Without the reservation a stream of small jobs would take each slot as it falls free.
TEST(Plan, SmallJobsDoNotStarveAGang) {
  Fleet fleet{.workers = {Machine("a", 4)}, .classes = {Waits({{1, 0}}, Gang(4)), Waits({{2, 1}, {3, 1}})}};
  Occupy(&fleet.workers[0], 0);
  const Plan plan = fleet.Make();
  EXPECT_THAT(Placements(plan), IsEmpty());
  ASSERT_EQ(plan.reservations.size(), 1U);
  EXPECT_EQ(plan.reservations[0].job.job, 1);
  EXPECT_THAT(plan.reservations[0].slots, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(plan.waiting.at(1).reason, "the free slots are kept for a job that comes first");
}

TEST(Plan, AReservationTakesOnlyWhatTheGangNeeds) {
  Fleet fleet{.workers = {Machine("a", 4), Machine("b", 1)},
              .classes = {Waits({{1, 0}}, Gang(3)), Waits({{2, 1}, {3, 1}, {4, 1}})}};
  Occupy(&fleet.workers[0], 0);
  Occupy(&fleet.workers[0], 1);
  // Slots 2 and 3 and one of the busy ones are kept; b is free for all.
  EXPECT_THAT(Placements(fleet.Make()), ElementsAre("2@b/0"));
}

TEST(Plan, ShortJobsFillTheTimeUntilAGangCanStart) {
  Fleet fleet{.workers = {Machine("a", 2)},
              .classes = {Waits({{1, 0}}, Gang(2)), Lasting(Waits({{2, 1}}), 300),
                          Lasting(Waits({{3, 2}}, {}, "t"), 50)}};
  Occupy(&fleet.workers[0], 0, At(60));
  const Plan plan = fleet.Make();
  EXPECT_THAT(Placements(plan), ElementsAre("3@a/1"));
  EXPECT_EQ(plan.reservations.at(0).ready, At(60));
}

TEST(Plan, AWholeSlotIsKeptFromSharesThatWouldTakeItForEver) {
  Fleet fleet{.workers = {Machine("a", 1)}, .classes = {Waits({{1, 0}}), Waits({{2, 1}}, Share(50), "t")}};
  Occupy(&fleet.workers[0], 0, std::nullopt, 50);
  EXPECT_THAT(Placements(fleet.Make()), IsEmpty());
  fleet.classes.erase(fleet.classes.begin());
  EXPECT_THAT(Placements(fleet.Make()), ElementsAre("2@a/0"));
}

TEST(Plan, ALimitCountsForAllClassesOfASweep) {
  Fleet fleet{.workers = {Machine("a", 4)},
              .classes = {Waits({{1, 0}, {2, 0}}), Waits({{3, 1}}, Memory(kGiB)), Waits({{1, 2}}, {}, "t")},
              .places = {{"s", 1}}};
  const Plan plan = fleet.Make();
  EXPECT_THAT(Placements(plan), ElementsAre("1@a/0", "1@a/1"));
  ASSERT_EQ(plan.waiting.size(), 2U);
  EXPECT_EQ(plan.waiting[0].reason, "its sweep runs as many jobs as its limit allows");
}

TEST(Plan, APausedSweepHoldsNothingUp) {
  Fleet fleet{.workers = {Machine("a", 1)},
              .classes = {Urgent(Waits({{1, 0}}), 9), Waits({{1, 1}}, {}, "t")}};
  fleet.classes[0].held = "its sweep is paused";
  const Plan plan = fleet.Make();
  ASSERT_EQ(plan.placements.size(), 1U);
  EXPECT_EQ(plan.placements[0].job.sweep, "t");
  EXPECT_EQ(plan.waiting.at(0).reason, "its sweep is paused");
}

TEST(Plan, SaysWhyNothingStarts) {
  const auto reason = [](std::deque<WorkerOffer> workers, const std::string& bound,
                         domain::Resources resources = {}) {
    Fleet fleet{.workers = std::move(workers),
                .classes = {Bound(Waits({{1, 0}}, std::move(resources)), bound)}};
    const Plan plan = fleet.Make();
    EXPECT_THAT(plan.placements, IsEmpty());
    return plan.waiting.at(0).reason;
  };
  EXPECT_EQ(reason({}, ""), "no worker has connected yet");
  EXPECT_EQ(reason({Machine("a", 0)}, ""), "the workers that are there have no slots");
  EXPECT_EQ(reason({Away("a", "is draining"), Away("b", "has left")}, ""),
            "no worker takes new attempts: a is draining, b has left");
  EXPECT_EQ(
      reason({Away("a", "has left", At(600))}, "a"),
      "its checkpoint is on worker a, which has left; without it the job goes on elsewhere at 00:10:00");
  EXPECT_EQ(reason({Machine("b", 1)}, "a"), "its checkpoint is on worker a, which is not known");
  EXPECT_EQ(reason({Machine("a", 2)}, "", {.kind = SlotKind::kGpu}),
            "no worker that it may use has a gpu slot");
  EXPECT_EQ(reason({Machine("a", 2), Machine("b", 1)}, "", {.labels = {"zone=x"}}),
            "no worker has the label zone=x");
  EXPECT_EQ(reason({Machine("a", 2, SlotKind::kGpu, 16 * kGiB)}, "", Memory(40 * kGiB)),
            "it needs 40.0 GiB on a slot, and the largest that it may use has 16.0 GiB");
  EXPECT_EQ(reason({Machine("a", 2), Machine("b", 3)}, "", Gang(4)),
            "it needs 4 slots on one worker, and none has so many");
}

TEST(Plan, ExplainsWorkerByWorkerByTheSameRules) {
  Fleet fleet{.workers = {Machine("a", 1), Machine("b", 1, SlotKind::kGpu), Away("c", "is draining")},
              .classes = {Waits({{1, 0}}, {.kind = SlotKind::kCpu})}};
  Occupy(&fleet.workers[0], 0, At(90));
  const Explanation explanation = Explain(fleet.Take(), {}, 0, {"s", 1});
  EXPECT_EQ(explanation.reason, "the only slot is taken");
  ASSERT_EQ(explanation.workers.size(), 3U);
  EXPECT_EQ(explanation.workers[0].text, "has no slot free");
  EXPECT_EQ(explanation.workers[0].release, "a slot is expected to be free at 00:01:30");
  EXPECT_EQ(explanation.workers[1].text, "has no cpu slot");
  EXPECT_EQ(explanation.workers[2].text, "is draining");
}

// A random fleet: never above a slot's share or memory, gangs whole and on one worker, never above a limit,
// never a wait without a reason; and without reservations nothing waits that would fit.
TEST(Plan, KeepsItsPromisesForAnySnapshot) {
  int gangs = 0, shared = 0, reserved = 0;
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Fleet fleet;
    for (int i = 0; i < static_cast<int>(random() % 5); ++i) {
      fleet.workers.push_back(Machine("w" + std::to_string(i), static_cast<int>(random() % 4),
                                      random() % 3 == 0 ? SlotKind::kGpu : SlotKind::kCpu,
                                      static_cast<int64_t>(random() % 3) * 4 * kGiB));
      if (random() % 4 == 0) fleet.workers.back().unavailable = "has left";
      if (random() % 3 == 0) fleet.workers.back().labels = {"zone=a"};
      for (size_t slot = 0; slot < fleet.workers.back().slots.size(); ++slot)
        if (random() % 3 == 0) Occupy(&fleet.workers.back(), slot, At(static_cast<int>(random() % 100)));
    }
    int job = 0;
    for (int c = 0; c < 5; ++c) {
      domain::Resources resources{.slots = random() % 4 == 0 ? 2 : 1,
                                  .share = random() % 3 == 0 ? 40 : 100,
                                  .memory_bytes = static_cast<int64_t>(random() % 3) * 3 * kGiB,
                                  .memory_is_predicted = random() % 2 == 0};
      if (random() % 4 == 0) resources.kind = SlotKind::kGpu;
      if (random() % 4 == 0) resources.labels = {"zone=a"};
      RequestClass one = Waits({}, resources, "s" + std::to_string(c));
      for (int i = 0; i < static_cast<int>(random() % 6); ++i)
        one.head.push_back({At(static_cast<int>(random() % 9)), {one.sweep, ++job}});
      std::sort(one.head.begin(), one.head.end());
      one.count = static_cast<int64_t>(one.head.size());
      one.priority = static_cast<int32_t>(random() % 2);
      if (random() % 3 == 0) one.bound_worker = "w" + std::to_string(random() % 5);
      if (random() % 4 == 0) fleet.places[one.sweep] = static_cast<int32_t>(random() % 3);
      fleet.classes.push_back(one);
    }
    const Snapshot snapshot = fleet.Take();
    const Plan plan = MakePlan(snapshot, {});
    std::map<std::string, WorkerOffer> left;
    for (const WorkerOffer& worker : fleet.workers) left[worker.worker] = worker;
    std::map<std::string, int32_t> started;
    for (const Placement& placement : plan.placements) {
      const RequestClass& one = fleet.classes[static_cast<size_t>(placement.job.sweep[1] - '0')];
      const domain::Resources needs = LimitedPrediction(one.resources, snapshot.workers);
      WorkerOffer& worker = left.at(placement.worker);
      EXPECT_TRUE(worker.unavailable.empty());
      EXPECT_TRUE(HasLabels(worker, needs));
      EXPECT_EQ(static_cast<int32_t>(placement.slots.size()), needs.slots);
      for (const int32_t index : placement.slots) {
        SlotOffer& slot = worker.slots[static_cast<size_t>(index)];
        EXPECT_TRUE(SlotHasMemory(slot, needs));
        slot.free_share -= needs.share;
        slot.free_memory_bytes -= domain::MemoryTaken(needs, slot.memory_bytes);
        EXPECT_GE(slot.free_share, 0);
        EXPECT_GE(slot.free_memory_bytes, 0);
      }
      ++started[one.sweep];
      gangs += needs.slots > 1 ? 1 : 0;
      shared += needs.share < 100 ? 1 : 0;
    }
    for (const auto& [sweep, count] : started) {
      if (fleet.places.contains(sweep)) {
        EXPECT_LE(count, fleet.places[sweep]);
      }
    }
    reserved += static_cast<int>(plan.reservations.size());
    int64_t waiting = 0;
    for (const Waiting& wait : plan.waiting) {
      waiting += wait.count;
      EXPECT_FALSE(wait.reason.empty());
      const RequestClass& one = fleet.classes[wait.of_class];
      if (!plan.reservations.empty() || fleet.places.contains(one.sweep)) continue;
      const domain::Resources needs = LimitedPrediction(one.resources, snapshot.workers);
      for (const auto& [id, worker] : left) {
        if (!one.bound_worker.empty() && id != one.bound_worker) continue;
        EXPECT_NE(FitsNow(worker, needs), Constraint::kNone) << one.sweep << " would fit on " << id;
      }
    }
    EXPECT_EQ(waiting + static_cast<int64_t>(plan.placements.size()), job);
  }
  EXPECT_GT(gangs, 100);
  EXPECT_GT(shared, 100);
  EXPECT_GT(reserved, 100);
}

// What runs there or whether it is drained does not count: only what the fleet is.
TEST(Misfit, IsWhatNoWorkerCouldStartWereEverythingFree) {
  Fleet fleet{.workers = {Machine("a", 2, SlotKind::kGpu, 16 * kGiB), Away("b", "is draining")},
              .classes = {}};
  Occupy(&fleet.workers[0], 0);
  Occupy(&fleet.workers[0], 1);
  const std::vector<const WorkerOffer*> workers = fleet.Take().workers;
  const auto misfit = [&](const domain::Resources& request, int64_t predicted = 0) {
    return FitsNowhere(workers, request, predicted);
  };
  EXPECT_FALSE(misfit({}));
  EXPECT_FALSE(misfit(Gang(2)));
  EXPECT_FALSE(misfit({.kind = SlotKind::kCpu}));
  ASSERT_TRUE(misfit(Gang(3)));
  EXPECT_EQ(misfit(Gang(3))->reason, "it needs 3 slots on one worker, and none has so many");
  EXPECT_FALSE(misfit(Gang(3))->is_tried);
  domain::Resources on_gpu = Memory(40 * kGiB);
  on_gpu.kind = SlotKind::kGpu;
  EXPECT_EQ(misfit(on_gpu)->reason,
            "it needs 40.0 GiB on a slot, and the largest that it may use has 16.0 GiB");
}

TEST(Misfit, MemoryThatIsPredictedIsTriedOnTheLargestSlot) {
  Fleet fleet{.workers = {Machine("a", 1, SlotKind::kGpu, 16 * kGiB)}, .classes = {}};
  const std::vector<const WorkerOffer*> workers = fleet.Take().workers;
  const auto found = FitsNowhere(workers, Memory(22 * kGiB, /*predicted=*/true), 20 * kGiB);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->is_tried);
  EXPECT_EQ(found->reason,
            "it is predicted to need 20.0 GiB on a slot, and the largest that it may use has 16.0 GiB");
  // The allowance on top of a prediction alone is no reason to expect that it fails.
  EXPECT_FALSE(FitsNowhere(workers, Memory(17 * kGiB, /*predicted=*/true), 15 * kGiB));
}

}  // namespace
}  // namespace optfleet::scheduler
