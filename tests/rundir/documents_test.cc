#include "common/rundir/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/rundir/layout.h"
#include "tests/rundir/temporary_folder.h"

namespace optfleet::rundir {
namespace {

using ::testing::HasSubstr;

JobDocument SomeJob() {
  JobDocument job;
  job.attempt = "sweeps/lr/jobs/17/attempts/2";
  job.fence = {1, 2};
  job.spec = {{"model", {{"layers", 4}}}};
  job.slot = {"cpu", 1, 2, int64_t{4} << 30, ""};
  job.resume = ResumePoint{"sweeps/lr/jobs/17/attempts/1", "/r/checkpoints/step-000000000100", 100, 101};
  job.deadline_unix_ms = 5;
  return job;
}

TEST(Documents, AJobComesBackAsWritten) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.path(), kJobFile, ToJson(SomeJob()).dump()));
  const auto job = ReadJob(folder.path());
  ASSERT_TRUE(job) << job.error().message();
  EXPECT_EQ(ToJson(*job), ToJson(SomeJob()));
  EXPECT_EQ(job->resume->record, 101);
  EXPECT_EQ(job->slot.threads, 2);
}

TEST(Documents, AFreshStartHasNoResumePoint) {
  JobDocument job = SomeJob();
  job.resume.reset();
  EXPECT_FALSE(ToJson(job).contains("resume"));
  EXPECT_FALSE(JobFromJson(ToJson(job))->resume.has_value());
}

TEST(Documents, UnknownKeysAreIgnored) {
  Json json = ToJson(SomeJob());
  json["future"] = 1;
  json["slot"]["colour"] = "red";
  EXPECT_TRUE(JobFromJson(json));
}

TEST(Documents, AnUnknownVersionIsRefusedInOneSentence) {
  Json json = ToJson(SomeJob());
  json["version"] = 2;
  const auto job = JobFromJson(json);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(job.error().message(), HasSubstr("version 2"));
}

TEST(Documents, EveryMemberThatIsMissingOrOfAnotherTypeIsNamed) {
  for (const char* key : {"attempt", "fence", "spec", "slot"}) {
    Json json = ToJson(SomeJob());
    json.erase(key);
    EXPECT_THAT(JobFromJson(json).error().message(), HasSubstr(key));
    json[key] = 7;
    EXPECT_EQ(JobFromJson(json).error().code(), Code::kDataLoss);
  }
  Json json = ToJson(SomeJob());
  json["resume"]["step"] = "100";
  EXPECT_THAT(JobFromJson(json).error().message(), HasSubstr("resume needs `step`"));
}

TEST(Documents, FiguresThatAreNotFiniteSurvive) {
  ResultDocument result;
  result.outcome = Outcome::kDiverged;
  result.reason = "loss became NaN at step 7";
  result.last_record = 7;
  result.final = {{"a", NAN}, {"b", INFINITY}, {"c", -INFINITY}, {"d", 0.1}};
  const auto back = ResultFromJson(Json::parse(ToJson(result).dump()));
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::isnan(back->final.at("a")));
  EXPECT_EQ(back->final.at("b"), INFINITY);
  EXPECT_EQ(back->final.at("c"), -INFINITY);
  EXPECT_EQ(back->final.at("d"), 0.1);
  EXPECT_EQ(back->outcome, Outcome::kDiverged);
}

TEST(Documents, ATrainerCannotSayThatItWasLost) {
  Json json = ToJson(ResultDocument{});
  json["outcome"] = "lost";
  EXPECT_EQ(ResultFromJson(json).error().code(), Code::kDataLoss);
}

TEST(Documents, StartAndExitComeBackAsWritten) {
  const StartedDocument started{11, 12, 123456789012, "boot"};
  EXPECT_EQ(ToJson(*StartedFromJson(ToJson(started))), ToJson(started));
  const ExitDocument exit{0, 9, true, 1.5, 0.25, 3.5, 4096};
  EXPECT_EQ(ToJson(*ExitFromJson(ToJson(exit))), ToJson(exit));
}

TEST(Documents, HalfAFileIsDataLossAndNoFileIsNotFound) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadExit(folder.path()).error().code(), Code::kNotFound);
  const std::string text = ToJson(ExitDocument{}).dump();
  for (size_t size = 0; size < text.size(); ++size) {
    ASSERT_TRUE(WriteFileAtomically(folder.path(), kExitFile, text.substr(0, size)));
    EXPECT_EQ(ReadExit(folder.path()).error().code(), Code::kDataLoss) << size;
  }
}

}  // namespace
}  // namespace optfleet::rundir
