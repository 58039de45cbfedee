// What optctl doctor makes of facts.
#include "optctl/commands/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::commands {
namespace {

using testing::HasSubstr;

constexpr Time kNow{std::chrono::hours(24 * 365 * 50)};

DoctorFacts Healthy() {
  DoctorFacts facts;
  facts.own_version = "1.2.0";
  facts.info.set_version("1.2.0");
  facts.asked = kNow;
  facts.answered = kNow + std::chrono::milliseconds(20);
  facts.diagnosis.mutable_time()->set_seconds(
      std::chrono::duration_cast<std::chrono::seconds>(kNow.time_since_epoch()).count());
  facts.diagnosis.set_file_system("ext4");
  facts.diagnosis.set_total_bytes(int64_t{100} << 30);
  facts.diagnosis.set_free_bytes(int64_t{50} << 30);
  v1::DatabaseFacts* database = facts.diagnosis.add_databases();
  database->set_name("state.db");
  database->set_bytes(1 << 20);
  database->set_checked(true);
  v1::QueueFacts* queue = facts.diagnosis.add_queues();
  queue->set_name("engine");
  queue->set_limit(100);
  v1::Worker worker;
  worker.set_name("workers/gpu01");
  worker.set_version("1.2.0");
  worker.set_state(v1::Worker::STATE_READY);
  facts.workers.push_back(worker);
  return facts;
}

Finding About(const DoctorFacts& facts, const std::string& subject) {
  for (const Finding& finding : FindingsOf(facts))
    if (finding.subject == subject) return finding;
  ADD_FAILURE() << "nothing about " << subject;
  return {};
}

TEST(Doctor, NothingIsWrongWithAHealthyOne) {
  for (const Finding& finding : FindingsOf(Healthy()))
    EXPECT_EQ(finding.verdict, Verdict::kOk) << finding.text;
}

TEST(Doctor, WorkersWhoseClocksAreWrong) {
  DoctorFacts facts = Healthy();
  const auto add = [&](const std::string& worker, int64_t ahead_ms) {
    v1::WorkerClock* clock = facts.diagnosis.add_clocks();
    clock->set_worker("workers/" + worker);
    clock->set_ahead_ms(ahead_ms);
  };
  add("gpu01", 1500);
  EXPECT_EQ(About(facts, "clocks").verdict, Verdict::kOk) << "no more than a message may take";
  add("gpu02", -5000);
  EXPECT_EQ(About(facts, "clocks").verdict, Verdict::kWarning);
  EXPECT_THAT(About(facts, "clocks").text, HasSubstr("gpu02 is 5 s behind"));
  add("gpu03", 3'600'000);
  EXPECT_EQ(About(facts, "clocks").verdict, Verdict::kProblem);
}

TEST(Doctor, DisksThatFillUp) {
  DoctorFacts facts = Healthy();
  facts.diagnosis.set_free_bytes(int64_t{8} << 30);
  EXPECT_EQ(About(facts, "disk").verdict, Verdict::kWarning);
  facts.diagnosis.set_free_bytes(int64_t{1} << 30);
  EXPECT_EQ(About(facts, "disk").verdict, Verdict::kProblem);
  facts = Healthy();
  facts.diagnosis.set_file_system("tmpfs");
  EXPECT_THAT(About(facts, "disk").text, HasSubstr("gone after a restart"));
}

TEST(Doctor, ClocksThatAreApart) {
  DoctorFacts facts = Healthy();
  facts.asked += std::chrono::seconds(30);
  facts.answered += std::chrono::seconds(30);
  EXPECT_EQ(About(facts, "clock").verdict, Verdict::kWarning);
  EXPECT_THAT(About(facts, "clock").text, HasSubstr("30 s ahead of the coordinator"));
  facts = Healthy();
  facts.asked -= std::chrono::hours(2);
  facts.answered -= std::chrono::hours(2);
  EXPECT_EQ(About(facts, "clock").verdict, Verdict::kProblem);
  EXPECT_THAT(About(facts, "clock").text, HasSubstr("behind the coordinator"));
  facts = Healthy();
  facts.answered += std::chrono::seconds(9);  // a slow answer is no wrong clock
  EXPECT_EQ(About(facts, "clock").verdict, Verdict::kOk);
}

TEST(Doctor, DamageLargeLogsAndDatabasesThatWereNotReadToTheEnd) {
  DoctorFacts facts = Healthy();
  facts.diagnosis.mutable_databases(0)->set_problem("state.db is damaged (page 5); restore a backup");
  EXPECT_EQ(About(facts, "state.db").verdict, Verdict::kProblem);
  facts.diagnosis.mutable_databases(0)->set_checked(false);
  EXPECT_EQ(About(facts, "state.db").verdict, Verdict::kWarning);
  facts = Healthy();
  facts.diagnosis.mutable_databases(0)->set_wal_bytes(int64_t{1} << 30);
  EXPECT_THAT(About(facts, "state.db").text, HasSubstr("write-ahead log 1.0 GiB"));
}

TEST(Doctor, WorkersQueuesVersionsAndStuckAttempts) {
  DoctorFacts facts = Healthy();
  facts.workers[0].set_state(v1::Worker::STATE_UNREACHABLE);
  facts.workers[0].set_version("1.1.0");
  facts.diagnosis.mutable_queues(0)->set_depth(90);
  v1::StuckAttempt* stuck = facts.diagnosis.add_stuck();
  stuck->set_attempt("sweeps/lr/jobs/1/attempts/2");
  stuck->set_reason("worker gpu01 was last heard of 3 h ago");
  EXPECT_THAT(About(facts, "workers").text, HasSubstr("not heard of: gpu01"));
  EXPECT_THAT(About(facts, "queues").text, HasSubstr("engine 90 of 100"));
  EXPECT_THAT(About(facts, "versions").text, HasSubstr("workers also 1.1.0"));
  EXPECT_EQ(About(facts, "attempts").verdict, Verdict::kProblem);
  facts.workers.clear();
  EXPECT_EQ(About(facts, "workers").verdict, Verdict::kWarning);
}

}  // namespace
}  // namespace optfleet::commands
