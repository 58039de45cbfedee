#include "common/kept_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(KeptPath, ARunDirectoryIsReadAsItIsWritten) {
  for (const char* sweep : {"lr", "a-jobs-3", "a-attempts-7", "sweeps-b-jobs-1-attempts-2"}) {
    const RunDirectoryName name{{{sweep, 17}, 2}, 1764144000};
    EXPECT_EQ(ParseRunDirectory(ToFolder(name)), name) << sweep;
  }
  EXPECT_EQ(ToFolder({{{"lr", 17}, 2}, 1}), "sweeps-lr-jobs-17-attempts-2.1");
}

TEST(KeptPath, NothingElseIsARunDirectory) {
  for (const char* folder :
       {"", "kept", "sweeps-lr", "sweeps-lr-jobs-17-attempts-2", "sweeps-lr-jobs-017-attempts-2.1",
        "sweeps-lr-jobs-17-attempts-2.01", "sweeps-lr-jobs-17-attempts-2.-1",
        "sweeps-LR-jobs-17-attempts-2.1", ".tmp-sweeps-lr-jobs-17-attempts-2.1"})
    EXPECT_FALSE(ParseRunDirectory(folder)) << folder;
}

TEST(KeptPath, ACheckpointIsReadAsItIsWritten) {
  EXPECT_EQ(CheckpointFolder(100), "step-000000000100");
  EXPECT_EQ(ParseCheckpointFolder("step-000000000100"), 100);
  EXPECT_EQ(ParseCheckpointFolder(CheckpointFolder(1234567890123)), 1234567890123);
  for (const char* folder : {"step-100", "step-", "step-00000000010x", ".tmp-step-000000000100"})
    EXPECT_FALSE(ParseCheckpointFolder(folder)) << folder;
}

TEST(KeptPath, FindsWhatASpecNames) {
  const std::string at = "/root/kept/sweeps-lr-jobs-17-attempts-2.1/step-000000000100";
  const CheckpointName name{{{"lr", 17}, 2}, 100};
  EXPECT_THAT(KeptCheckpointsIn(R"({"start":{"weights":")" + at + R"(/weights.safetensors"}})"),
              ElementsAre(name));
  EXPECT_THAT(KeptCheckpointsIn(R"({"a":")" + at + R"(","b":")" + at + R"("})"), ElementsAre(name)) << "once";
  EXPECT_THAT(KeptCheckpointsIn(at), ElementsAre(name));
  EXPECT_THAT(KeptCheckpointsIn("/kept/sweeps-lr/step-000000000100"), IsEmpty());
  EXPECT_THAT(KeptCheckpointsIn("/kept/sweeps-lr-jobs-17-attempts-2.1"), IsEmpty());
  EXPECT_THAT(KeptCheckpointsIn("/kept/sweeps-lr-jobs-17-attempts-2.1/step"), IsEmpty());
}

TEST(KeptPath, ACheckpointHasAResourceName) {
  const CheckpointName name{{{"lr", 17}, 2}, 100};
  EXPECT_EQ(ToResource(name), "sweeps/lr/jobs/17/attempts/2/checkpoints/100");
  EXPECT_EQ(ParseCheckpointResource(ToResource(name)), name);
  EXPECT_FALSE(ParseCheckpointResource("sweeps/lr/jobs/17/attempts/2/checkpoints/"));
  EXPECT_FALSE(ParseCheckpointResource("sweeps/lr/jobs/17/checkpoints/100"));
}

}  // namespace
}  // namespace optfleet
