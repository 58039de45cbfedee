#include "common/names.h"

#include <gtest/gtest.h>

namespace optfleet {
namespace {

TEST(Names, WhatIsWrittenIsReadBack) {
  const AttemptName attempt{{"lr", 17}, 2};
  EXPECT_EQ(ToResource(attempt), "sweeps/lr/jobs/17/attempts/2");
  EXPECT_EQ(ParseAttemptResource(ToResource(attempt)), attempt);
  EXPECT_EQ(ParseJobResource(ToResource(attempt.job)), attempt.job);
  EXPECT_EQ(ParseSweepResource(SweepResource("lr")), "lr");
  EXPECT_EQ(ParseWorkerResource(WorkerResource("gpu01")), "gpu01");
}

TEST(Names, NothingElseIsRead) {
  for (const char* name : {"", "sweeps", "sweeps/", "sweeps/lr/", "sweeps/LR", "sweeps/lr/jobs/1", "jobs/lr"})
    EXPECT_FALSE(ParseSweepResource(name)) << name;
  for (const char* name : {"sweeps/lr/jobs/", "sweeps/lr/jobs/0", "sweeps/lr/jobs/01", "sweeps/lr/jobs/-1",
                           "sweeps/lr/jobs/1x", "sweeps/lr/jobs/99999999999", "sweeps/lr/jobs/1/"})
    EXPECT_FALSE(ParseJobResource(name)) << name;
  for (const char* name :
       {"sweeps/lr/jobs/1", "sweeps/lr/jobs/1/attempts/0", "sweeps/lr/jobs/1/attempts/1/attempts/1"})
    EXPECT_FALSE(ParseAttemptResource(name)) << name;
}

TEST(Names, IdsOfAnyText) {
  EXPECT_EQ(MakeId("My sweep.v2"), "my-sweep-v2");
  EXPECT_EQ(MakeId("2nd -- try!"), "nd-try");
  EXPECT_EQ(MakeId("???"), "sweep");
  for (const std::string& text : {std::string("My sweep.v2"), std::string(), std::string("9"),
                                  std::string("a-"), std::string("\xC3\xA9t"), std::string(200, 'x')})
    EXPECT_TRUE(IsValidId(MakeId(text))) << text;
  EXPECT_FALSE(IsValidId("a-"));
  EXPECT_FALSE(IsValidId("1a"));
  EXPECT_FALSE(IsValidId(std::string(64, 'a')));
}

}  // namespace
}  // namespace optfleet
