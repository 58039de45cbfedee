#include "trainer_core/metrics/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include <future>

namespace optfleet::trainer {
namespace {

using testing::ElementsAre;

// What the disk does, and what it got. Shared with the test, since the recorder owns the log.
struct Disk {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<int64_t> steps;
  size_t synced = 0;  // records that an fsync covers
  bool full = false;
  bool broken = false;
  int refused = 0;
  int refusals_left = 0;

  void Set(bool is_full) {
    std::lock_guard lock(mutex);
    full = is_full;
    changed.notify_all();
  }
  void WaitForRefusal() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return refused > 0; });
  }
};

class FakeLog final : public rundir::LogWriter {
 public:
  explicit FakeLog(Disk* disk) : disk_(disk) {}

  Result<int64_t> Append(std::span<const rundir::NewRecord> records) override {
    std::lock_guard lock(disk_->mutex);
    if (disk_->broken) return Fail(Code::kUnavailable, "input/output error");
    if (disk_->full || disk_->refusals_left-- > 0) {
      ++disk_->refused;
      disk_->changed.notify_all();
      return Fail(Code::kResourceExhausted, "no space left");
    }
    for (const rundir::NewRecord& record : records) disk_->steps.push_back(record.step);
    return static_cast<int64_t>(disk_->steps.size());
  }
  Status Sync() override {
    for (int i = 0; i < 50; ++i) std::this_thread::yield();  // an fsync takes a while: others run meanwhile
    std::lock_guard lock(disk_->mutex);
    disk_->synced = disk_->steps.size();
    return {};
  }
  int64_t last_number() const override {
    std::lock_guard lock(disk_->mutex);
    return static_cast<int64_t>(disk_->steps.size());
  }

 private:
  Disk* disk_;
};

constexpr Duration kShortRetry = std::chrono::milliseconds(1);

TEST(Recorder, SyncMeansEverythingIsOnDisk) {
  Disk disk;
  Recorder recorder(std::make_unique<FakeLog>(&disk));
  for (int64_t step = 1; step <= 100; ++step)
    ASSERT_TRUE(recorder.Add(step, Time{}, Points{{"loss", 1.0}}).has_value());

  const auto last = recorder.Sync();

  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(*last, 100);
  EXPECT_EQ(disk.synced, 100u);
}

// Sync used to look at a flag that was cleared when the fsync began: a checkpoint could appear before its
// records were on disk.
TEST(Recorder, SyncNeverReturnsWhileTheDiskIsStillAtWork) {
  Disk disk;
  Recorder recorder(std::make_unique<FakeLog>(&disk));
  for (size_t step = 1; step <= 300; ++step) {
    ASSERT_TRUE(recorder.Add(static_cast<int64_t>(step), Time{}, Points{{"loss", 1.0}}).has_value());
    ASSERT_TRUE(recorder.Sync().has_value());
    std::lock_guard lock(disk.mutex);
    ASSERT_EQ(disk.synced, step);
  }
}

TEST(Recorder, SyncOfNothingIsZero) {
  Disk disk;
  Recorder recorder(std::make_unique<FakeLog>(&disk));
  EXPECT_EQ(recorder.Sync().value(), 0);
}

TEST(Recorder, DestructionWritesAndSyncsTheRest) {
  Disk disk;
  {
    Recorder recorder(std::make_unique<FakeLog>(&disk));
    ASSERT_TRUE(recorder.Add(7, Time{}, {}).has_value());
  }
  EXPECT_THAT(disk.steps, ElementsAre(7));
  EXPECT_EQ(disk.synced, 1u);
}

TEST(Recorder, FullDiskIsWaitedOutAndNothingIsLost) {
  Disk disk;
  disk.full = true;
  Recorder recorder(std::make_unique<FakeLog>(&disk), /*capacity=*/2, kShortRetry);
  auto step = std::async(std::launch::async, [&] {
    for (int64_t i = 1; i <= 5; ++i) {
      if (!recorder.Add(i, Time{}, {}).has_value()) return false;
    }
    return recorder.Sync().has_value();
  });
  disk.WaitForRefusal();
  EXPECT_TRUE(disk.steps.empty());

  disk.Set(false);

  EXPECT_TRUE(step.get());
  EXPECT_THAT(disk.steps, ElementsAre(1, 2, 3, 4, 5));
}

TEST(Recorder, CountsHowLongTheStepWaited) {
  Disk disk;
  disk.refusals_left = 100;
  Recorder recorder(std::make_unique<FakeLog>(&disk), /*capacity=*/1, kShortRetry);
  ASSERT_TRUE(recorder.Add(1, Time{}, {}).has_value());
  EXPECT_EQ(recorder.waited().count(), 0);
  ASSERT_TRUE(recorder.Add(2, Time{}, {}).has_value());  // the first is still refused
  EXPECT_GT(recorder.waited().count(), 0);
  EXPECT_TRUE(recorder.Sync().has_value());
  EXPECT_THAT(disk.steps, ElementsAre(1, 2));
}

TEST(Recorder, OtherFailuresEndTheRun) {
  Disk disk;
  disk.broken = true;
  Recorder recorder(std::make_unique<FakeLog>(&disk));
  (void)recorder.Add(1, Time{}, {});
  const auto synced = recorder.Sync();
  ASSERT_FALSE(synced.has_value());
  EXPECT_THAT(synced.error().message(), testing::HasSubstr("input/output error"));
  EXPECT_FALSE(recorder.Add(2, Time{}, {}).has_value());
}

}  // namespace
}  // namespace optfleet::trainer
