// Types of slots, times of jobs on them, and what is said of both.
#include "optctl/commands/plan_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/text.h"
#include "optctl/commands/misfits_view.h"
#include "spec/canonical.h"

namespace optfleet::commands {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr const char* kEnough =
    "model: {layers: 1, width: 32, heads: 2}\ndata.path: text.txt\nbudget.steps: 100\nevaluation.batches: "
    "2\n";

sweeps::Expansion Expanded(const std::string& text) {
  auto result = sweeps::ExpandSweep({{{"enough.yaml", kEnough, ""}, {"sweep.yaml", text, ""}}, {}, "", {}});
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  return result.expansion.value_or(sweeps::Expansion());
}

v1::Worker WorkerOf(int slots, const char* model, int threads = 1, int64_t memory = 0) {
  v1::Worker worker;
  worker.set_state(v1::Worker::STATE_READY);
  for (int i = 0; i < slots; ++i) {
    v1::Slot* slot = worker.add_slots();
    slot->set_kind(v1::Slot::KIND_CPU);
    slot->set_model(model);
    slot->set_threads(threads);
    slot->set_memory_bytes(memory);
  }
  return worker;
}

// The first job of the sweep took 100 steps of 20 ms, half a second for a validation, and 1 s beside.
v1::Measurement MeasuredOn(const char* model, const std::string& text, int threads = 1) {
  v1::Measurement measurement;
  measurement.set_job("sweeps/before/jobs/1");
  measurement.set_spec_json(spec::CanonicalText(Expanded(text).jobs.front().spec));
  measurement.set_device(v1::Slot::KIND_CPU);
  measurement.set_model(model);
  measurement.set_threads(threads);
  measurement.set_slots(1);
  measurement.set_steps(100);
  measurement.set_train_seconds(2);
  measurement.set_validation_seconds(0.5);
  measurement.set_held_seconds(3.5);
  return measurement;
}

std::string TextOf(const TimePlan& plan) {
  Sections sections;
  AddTimes(plan, sections);
  return sections.Render();
}

SlotType Epyc(std::vector<int> slots_of_worker) { return {false, "EPYC", 1, std::move(slots_of_worker)}; }

TEST(SlotTypes, AreByModelAndThreadsThoseOfWorkersFirst) {
  v1::Worker gone = WorkerOf(4, "Xeon");
  gone.set_state(v1::Worker::STATE_GONE);
  const auto types = SlotTypes({WorkerOf(2, "EPYC"), gone, WorkerOf(3, "EPYC"), WorkerOf(1, "EPYC", 4)},
                               {MeasuredOn("Xeon", ""), MeasuredOn("EPYC", "")});
  ASSERT_THAT(types, SizeIs(3));
  EXPECT_EQ(types[0].Name(), "EPYC x 1 thread");
  EXPECT_THAT(types[0].slots_of_worker, ElementsAre(2, 3));
  EXPECT_EQ(types[1].Name(), "EPYC x 4 threads");
  EXPECT_EQ(types[2].Name(), "Xeon x 1 thread");
  EXPECT_EQ(types[2].slots(), 0);
}

TEST(ChooseTypes, WithoutANameThoseThatAreConnected) {
  const auto types = SlotTypes({WorkerOf(2, "EPYC")}, {MeasuredOn("Xeon", "")});
  EXPECT_THAT(*ChooseTypes(types, ""), SizeIs(1));
  EXPECT_EQ(ChooseTypes(types, "xeon")->front().model, "Xeon");
  EXPECT_THAT(ChooseTypes(types, "H100").error().message(), HasSubstr("EPYC x 1 thread\n  Xeon x 1 thread"));
  EXPECT_THAT(ChooseTypes({}, "H100").error().message(), HasSubstr("no worker is connected"));
}

TEST(ListSchedule, EachJobGoesWhereItIsFreeFirst) {
  const auto jobs = [](const std::vector<double>& seconds) {
    std::vector<spec::RunTime> times(seconds.size());
    for (size_t i = 0; i < seconds.size(); ++i) times[i].train_seconds = seconds[i];
    return times;
  };
  EXPECT_EQ(ListSchedule(jobs({}), 2), 0);
  EXPECT_EQ(ListSchedule(jobs({3, 1, 1, 1}), 1), 6);
  EXPECT_EQ(ListSchedule(jobs({3, 1, 1, 1}), 2), 3);
  EXPECT_EQ(ListSchedule(jobs({1, 1, 1, 3}), 2), 4);
  EXPECT_EQ(ListSchedule(jobs({1, 2, 3}), 9), 3);
}

TEST(PlanTime, EpochsOfDataThatIsNotHereAreUnknown) {
  const auto plan = PlanTime(Expanded("budget: {steps: 0, epochs: 2}\n"), Epyc({2}), {MeasuredOn("EPYC", "")},
                             {.throughput = 1000});
  ASSERT_THAT(plan.jobs, SizeIs(1));
  EXPECT_FALSE(plan.IsKnown());
  EXPECT_FALSE(plan.makespan);
  EXPECT_THAT(TextOf(plan), HasSubstr("the steps of 1 job are known once the data is read"));
  EXPECT_TRUE(TimePlanJson(plan)["device_hours"].is_null());
}

TEST(PlanTime, EqualShapesAreMeasuredOthersScaled) {
  const auto plan = PlanTime(Expanded("optimizer.learning_rate: [1e-3, 1e-2]\nmodel.width: [32, 64]\n"),
                             Epyc({2}), {MeasuredOn("EPYC", "")}, {});
  ASSERT_THAT(plan.jobs, SizeIs(4));
  EXPECT_EQ(plan.jobs[0].source, spec::TimeSource::kMeasured);
  EXPECT_EQ(plan.jobs[1].source, spec::TimeSource::kMeasured);
  EXPECT_EQ(plan.jobs[2].source, spec::TimeSource::kScaled);
  EXPECT_NEAR(plan.jobs[0].total(), 3.5, 1e-6);
  EXPECT_GT(plan.jobs[2].total(), 3.5);
  ASSERT_TRUE(plan.makespan);
  EXPECT_NEAR(*plan.makespan, 3.5 + plan.jobs[2].total(), 1e-6);
  const std::string text = TextOf(plan);
  EXPECT_THAT(text, HasSubstr("2 measured, 2 scaled"));
  EXPECT_THAT(text, HasSubstr("1 job of 1 shape that ran there"));
  EXPECT_THAT(text, HasSubstr("on 2 slots of 1 worker"));
}

TEST(PlanTime, WhatRanOnAnotherTypeDoesNotCount) {
  const auto plan =
      PlanTime(Expanded(""), Epyc({1}), {MeasuredOn("Xeon", ""), MeasuredOn("EPYC", "", 4)}, {});
  EXPECT_FALSE(plan.IsKnown());
  EXPECT_THAT(TextOf(plan), HasSubstr("unknown: nothing was timed there; --throughput N predicts it"));
  EXPECT_EQ(JobTimeText(plan, 0), "-");
  EXPECT_TRUE(JobTimeJson(plan, 0)["seconds"].is_null());
}

TEST(PlanTime, ThroughputIsTakenWhereNothingWasTimed) {
  const auto sweep = Expanded("");
  const double tokens = static_cast<double>(sweep.jobs[0].spec.budget.tokens);
  const auto given = PlanTime(sweep, Epyc({1}), {}, {.throughput = tokens / 10, .slots = {}});
  EXPECT_EQ(given.jobs[0].source, spec::TimeSource::kGiven);
  EXPECT_NEAR(given.jobs[0].total(), 10, 1e-6);
  const auto timed =
      PlanTime(sweep, Epyc({1}), {MeasuredOn("EPYC", "")}, {.throughput = tokens / 10, .slots = {}});
  EXPECT_EQ(timed.jobs[0].source, spec::TimeSource::kMeasured);
}

TEST(PlanTime, SlotsSharesAndLimitsCount) {
  const auto seconds = [](const std::string& resources, std::vector<int> slots,
                          std::optional<int> given = {}) {
    const auto sweep = Expanded("optimizer.learning_rate: [1, 2, 3, 4]\n" + resources);
    v1::Measurement measurement = MeasuredOn("EPYC", "");
    measurement.set_slots(sweep.resources.slots.value_or(1));
    return PlanTime(sweep, Epyc(std::move(slots)), {measurement}, {.throughput = {}, .slots = given});
  };
  EXPECT_NEAR(*seconds("", {4}).makespan, 3.5, 1e-6);
  EXPECT_NEAR(*seconds("", {1, 1}).makespan, 7, 1e-6);
  EXPECT_NEAR(*seconds("max_running: 1\n", {4}).makespan, 14, 1e-6);
  EXPECT_NEAR(*seconds("resources.slots: 2\n", {3, 3}).makespan, 7, 1e-6);
  EXPECT_FALSE(seconds("resources.slots: 2\n", {1, 1}).makespan);
  EXPECT_NEAR(*seconds("resources.share: 50%\n", {1}).makespan, 7, 1e-6);
  EXPECT_NEAR(*seconds("", {1}, 2).makespan, 7, 1e-6);
  EXPECT_NEAR(seconds("", {1}).DeviceHours() * 3600, 14, 1e-6);
  EXPECT_NEAR(seconds("resources.slots: 2\n", {3}).DeviceHours() * 3600, 28, 1e-6);
  EXPECT_NEAR(seconds("resources.share: 50%\n", {1}).DeviceHours() * 3600, 7, 1e-6);
}

TEST(PlanTime, MeasurementsOfNewerProgramsAreLeftOut) {
  v1::Measurement newer = MeasuredOn("EPYC", "");
  newer.set_spec_json(R"({"model": {"colour": "blue"}})");
  v1::Measurement broken = newer;
  broken.set_spec_json("{");
  EXPECT_FALSE(PlanTime(Expanded(""), Epyc({1}), {newer, broken}, {}).IsKnown());
}

TEST(PlanTime, JsonHasEachJobAndAll) {
  const auto plan = PlanTime(Expanded("model.width: [32, 64]\n"), Epyc({1}), {MeasuredOn("EPYC", "")}, {});
  const Json job = JobTimeJson(plan, 0);
  EXPECT_EQ(job["on"], "EPYC x 1 thread");
  EXPECT_EQ(job["source"], "measured");
  EXPECT_NEAR(job["seconds"].get<double>(), 3.5, 1e-6);
  EXPECT_NEAR(job["device_hours"].get<double>(), 3.5 / 3600, 1e-9);
  EXPECT_GT(job["memory_bytes"].get<int64_t>(), 0);
  const Json all = TimePlanJson(plan);
  EXPECT_EQ(all["jobs_by_source"]["measured"], 1);
  EXPECT_EQ(all["jobs_by_source"]["scaled"], 1);
  EXPECT_NEAR(all["seconds"].get<double>(), plan.jobs[0].total() + plan.jobs[1].total(), 1e-6);
}

TEST(Misfits, AreCountedWithTheFirstReason) {
  v1::PlanSweepResponse plan;
  EXPECT_EQ(PlacesText(plan), "");
  plan.set_worker_count(3);
  EXPECT_EQ(PlacesText(plan), "every job has a place on one of 3 workers");
  auto* misfit = plan.add_misfits();
  misfit->set_job_count(2);
  misfit->add_jobs(2);
  misfit->add_jobs(3);
  misfit->set_reason("it needs 8 slots on one worker, and none has so many");
  auto* tried = plan.add_misfits();
  tried->set_job_count(1);
  tried->add_jobs(1);
  tried->set_is_tried(true);
  tried->set_reason("it is predicted to need 3.1 GiB on a slot, and the largest that it may use has 2.0 GiB");
  EXPECT_EQ(PlacesText(plan), "");
  EXPECT_EQ(MisfitsText(plan),
            "2 jobs fit on no worker: 2, 3\n"
            "  the first of them: it needs 8 slots on one worker, and none has so many\n"
            "1 job is expected to run out of memory: 1\n"
            "  it is predicted to need 3.1 GiB on a slot, and the largest that it may use\n"
            "  has 2.0 GiB\n");
  Json jobs = Json::array({{{"number", 1}}, {{"number", 2}}, {{"number", 3}}, {{"number", 4}}});
  AddMisfits(plan, jobs);
  EXPECT_EQ(jobs[0]["misfit"]["is_tried"], true);
  EXPECT_EQ(jobs[1]["misfit"]["reason"], "it needs 8 slots on one worker, and none has so many");
  EXPECT_TRUE(jobs[3]["misfit"].is_null());
  EXPECT_EQ(MisfitsJson(plan)[0]["jobs"], Json::array({2, 3}));
}

}  // namespace
}  // namespace optfleet::commands
