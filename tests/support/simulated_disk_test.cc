#include "tests/support/simulated_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::simulation {
namespace {

class SimulatedDiskTest : public testing::Test {
 protected:
  SimulatedDisk::FilePtr Make(const std::string& name, const std::string& text) {
    SimulatedDisk::FilePtr file;
    EXPECT_EQ(disk_.Create(name, &file), DiskResult::kOk);
    EXPECT_EQ(disk_.Write(file.get(), 0, text), DiskResult::kOk);
    return file;
  }
  SimulatedDisk::FilePtr MakeDurable(const std::string& name, const std::string& text) {
    auto file = Make(name, text);
    EXPECT_EQ(disk_.Sync(file.get()), DiskResult::kOk);
    EXPECT_EQ(disk_.SyncFolder("a"), DiskResult::kOk);
    return file;
  }
  std::string Text(const std::string& name) {
    return disk_.Exists(name) ? disk_.Find(name)->bytes : "(none)";
  }

  SimulatedDisk disk_{1};
};

TEST_F(SimulatedDiskTest, WhatWasSyncedWithItsNameSurvivesAPowerCut) {
  MakeDurable("a/kept", "kept");
  disk_.CutPower(PowerCut::kNothing);
  EXPECT_EQ(Text("a/kept"), "kept");
}

TEST_F(SimulatedDiskTest, WhatWasWrittenOverAndNotSyncedIsAsBefore) {
  auto file = MakeDurable("a/f", std::string(2000, 'o'));
  EXPECT_EQ(disk_.Write(file.get(), 600, std::string(3000, 'n')), DiskResult::kOk);
  EXPECT_EQ(disk_.Truncate(file.get(), 100), DiskResult::kOk);
  disk_.CutPower(PowerCut::kNothing);
  EXPECT_EQ(Text("a/f"), std::string(2000, 'o'));
}

TEST_F(SimulatedDiskTest, AFileWithoutItsFolderSyncedIsGone) {
  auto file = Make("a/f", "text");
  EXPECT_EQ(disk_.Sync(file.get()), DiskResult::kOk);
  disk_.CutPower(PowerCut::kNothing);
  EXPECT_EQ(Text("a/f"), "(none)");
}

TEST_F(SimulatedDiskTest, ARemovedOrRenamedNameComesBackUnlessTheFolderIsSynced) {
  MakeDurable("a/f", "text");
  MakeDurable("a/from", "renamed");
  EXPECT_EQ(disk_.Remove("a/f"), DiskResult::kOk);
  EXPECT_EQ(disk_.Rename("a/from", "a/to"), DiskResult::kOk);
  disk_.CutPower(PowerCut::kNothing);
  EXPECT_EQ(Text("a/f"), "text");
  EXPECT_EQ(Text("a/from"), "renamed");
  EXPECT_EQ(Text("a/to"), "(none)");
  EXPECT_EQ(disk_.Rename("a/from", "a/to"), DiskResult::kOk);
  EXPECT_EQ(disk_.SyncFolder("a"), DiskResult::kOk);
  disk_.CutPower(PowerCut::kNothing);
  EXPECT_EQ(Text("a/to"), "renamed");
}

TEST_F(SimulatedDiskTest, AKilledProcessLosesNothingThatItWrote) {
  Make("a/f", "text");
  const int64_t life = disk_.life();
  disk_.Kill();
  EXPECT_EQ(Text("a/f"), "text");
  EXPECT_GT(disk_.life(), life);
}

TEST_F(SimulatedDiskTest, ATornWriteMixesOldAndNewSectorsAndNeverBytes) {
  int mixed = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SimulatedDisk disk(seed);
    SimulatedDisk::FilePtr file;
    ASSERT_EQ(disk.Create("a/f", &file), DiskResult::kOk);
    ASSERT_EQ(disk.Write(file.get(), 0, std::string(4096, 'o')), DiskResult::kOk);
    ASSERT_EQ(disk.Sync(file.get()), DiskResult::kOk);
    ASSERT_EQ(disk.SyncFolder("a"), DiskResult::kOk);
    ASSERT_EQ(disk.Write(file.get(), 0, std::string(4096, 'n')), DiskResult::kOk);
    disk.CutPower(PowerCut::kSomeSectors);
    const std::string& bytes = disk.Find("a/f")->bytes;
    for (size_t sector = 0; sector < 8; ++sector) {
      const std::string one = bytes.substr(sector * 512, 512);
      EXPECT_TRUE(one == std::string(512, 'o') || one == std::string(512, 'n'));
    }
    mixed += bytes.find('o') != std::string::npos && bytes.find('n') != std::string::npos;
  }
  EXPECT_GT(mixed, 10);
}

TEST_F(SimulatedDiskTest, AFullDiskTakesNoGrowthButChangesInPlace) {
  auto file = MakeDurable("a/f", "1234");
  disk_.SetCapacity(6);
  EXPECT_EQ(disk_.Write(file.get(), 4, "567"), DiskResult::kFull);
  EXPECT_EQ(disk_.Write(file.get(), 0, "abcd56"), DiskResult::kOk);
  EXPECT_EQ(Text("a/f"), "abcd56");
}

TEST_F(SimulatedDiskTest, FailAtHitsOneOperationAndStopAtAllThatFollow) {
  auto file = MakeDurable("a/f", "1");
  disk_.FailAt(2);
  EXPECT_EQ(disk_.Write(file.get(), 0, "2"), DiskResult::kOk);
  EXPECT_EQ(disk_.Sync(file.get()), DiskResult::kFailed);
  EXPECT_EQ(disk_.Sync(file.get()), DiskResult::kOk);
  disk_.StopAt(2);
  EXPECT_EQ(disk_.Write(file.get(), 0, "3"), DiskResult::kOk);
  EXPECT_EQ(disk_.Write(file.get(), 0, "4"), DiskResult::kFailed);
  EXPECT_EQ(disk_.Sync(file.get()), DiskResult::kFailed);
  EXPECT_TRUE(disk_.stopped());
  disk_.CutPower(PowerCut::kNothing);
  EXPECT_FALSE(disk_.stopped());
  EXPECT_EQ(Text("a/f"), "2");
}

TEST_F(SimulatedDiskTest, ASlowDiskSaysHowLongItTook) {
  auto file = Make("a/f", "1");
  disk_.SetSyncTime(std::chrono::milliseconds(30));
  EXPECT_EQ(disk_.Sync(file.get()), DiskResult::kOk);
  EXPECT_EQ(disk_.SyncFolder("a"), DiskResult::kOk);
  EXPECT_EQ(disk_.TakeTimeSpent(), std::chrono::milliseconds(60));
  EXPECT_EQ(disk_.TakeTimeSpent(), Duration(0));
  EXPECT_EQ(disk_.counts().syncs, 2);
}

}  // namespace
}  // namespace optfleet::simulation
