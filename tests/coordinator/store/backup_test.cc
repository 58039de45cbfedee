// Backups of databases that are in use, and putting them back.
#include "coordinator/store/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "coordinator/store/diagnosis.h"
#include "coordinator/store/integrity.h"
#include "coordinator/store/open_stores.h"
#include "coordinator/store/read_store.h"
#include "coordinator/store/schema.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

using testing::HasSubstr;

constexpr auto kGoOn = [](double) { return true; };

void Commit(StateStore* store, const engine::Changes& changes) {
  const Status done = store->Commit(changes);
  ASSERT_TRUE(done.has_value()) << done.error().message();
}

engine::Changes ASweep(const std::string& id, int jobs) {
  engine::Changes changes;
  changes.new_sweeps.push_back(NewSweep(id, jobs));
  changes.workers = {AWorker("gpu01")};
  changes.attempts = {AnAttempt({id, 1}, 1, "gpu01")};
  return changes;
}

class Backup : public testing::Test {
 protected:
  void SetUp() override {
    state_ = *StateStore::Open(folder_.options());
    metrics_ = *MetricsStore::Open(folder_.options());
    Commit(state_.get(), ASweep("lr", 500));
    ASSERT_TRUE(metrics_->Link({{AnAttempt({"lr", 1}, 1, "gpu01")}}));
    ASSERT_TRUE(metrics_->Append({{Batch({{"lr", 1}, 1}, 1, 100)}}));
  }
  // Closes the databases, so that they may be replaced.
  void Close() {
    state_.reset();
    metrics_.reset();
  }
  int64_t HeldIn(const std::string& folder) {
    auto metrics = MetricsStore::Open({folder, {}});
    const auto held = (*metrics)->Held({{AnAttempt({"lr", 1}, 1, "gpu01")}});
    return held->empty() ? 0 : held->begin()->second.record;
  }

  TemporaryFolder folder_;
  TemporaryFolder target_;
  std::unique_ptr<StateStore> state_;
  std::unique_ptr<MetricsStore> metrics_;
};

TEST_F(Backup, HoldsOneMomentThoughTheWriterGoesOn) {
  int portions = 0;
  const Status copied = CopyDatabases(folder_.path(), target_.path(), [&](double share) {
    EXPECT_GE(share, 0);
    EXPECT_LE(share, 1);
    Commit(state_.get(), ASweep("later-" + std::to_string(++portions), 50));
    return true;
  });
  ASSERT_TRUE(copied) << copied.error().message();
  ASSERT_GT(portions, 0);
  auto copy = StateStore::Open(target_.options());
  ASSERT_TRUE(copy.has_value()) << copy.error().message();
  const auto saved = (*copy)->Load();
  ASSERT_TRUE(saved.has_value());
  EXPECT_EQ(saved->sweeps.size(), 1U) << "a commit of a later moment came in";
  EXPECT_EQ(saved->sweeps.at(0).fresh.size(), 500);
  EXPECT_EQ(HeldIn(target_.path()), 100);
}

TEST_F(Backup, OneThatIsGivenUpLeavesNothing) {
  const Status copied = CopyDatabases(folder_.path(), target_.path(), [](double) { return false; });
  EXPECT_TRUE(copied.has_value() || copied.error().code() == Code::kCancelled);
  const std::string large = target_.path() + "/large.db";
  Commit(state_.get(), ASweep("large", 20000));
  EXPECT_EQ(
      CopyDatabase(folder_.path() + "/" + kStateFile, large, [](double) { return false; }).error().code(),
      Code::kCancelled);
  EXPECT_FALSE(std::filesystem::exists(large));
}

TEST_F(Backup, ComesBackUnderAHigherIncarnation) {
  ASSERT_TRUE(CopyDatabases(folder_.path(), target_.path(), kGoOn));
  Commit(state_.get(), ASweep("lost", 3));
  const int64_t before = state_->incarnation();
  EXPECT_EQ(RestoreFolder(folder_.options(), target_.path()).error().code(), Code::kFailedPrecondition)
      << "the folder is in use";
  Close();
  const Status restored = RestoreFolder(folder_.options(), target_.path());
  ASSERT_TRUE(restored) << restored.error().message();
  state_ = *StateStore::Open(folder_.options());
  EXPECT_EQ(state_->incarnation(), before + 1);
  EXPECT_EQ(state_->Load()->sweeps.size(), 1U);
  EXPECT_EQ(HeldIn(folder_.path()), 100);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/state.db.replaced"));
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/metrics.db.replaced"));
}

// Simulation, seed 2000442: a job that had ended when the backup was made was tried again afterwards, and its
// series stayed that of the attempt which the backup had undone.
TEST_F(Backup, AttemptsThatItUndoesLeaveTheMetrics) {
  ASSERT_TRUE(CopyDatabases(folder_.path(), target_.path(), kGoOn));
  ASSERT_TRUE(metrics_->Link({{AnAttempt({"lr", 1}, 2, "gpu01"), AnAttempt({"lr", 2}, 1, "gpu01")}}));
  ASSERT_TRUE(metrics_->Append({{Batch({{"lr", 1}, 2}, 1, 7)}}));
  ASSERT_TRUE(metrics_->Append({{Batch({{"lr", 2}, 1}, 1, 5)}}));
  Close();
  const Status restored = RestoreBackup(folder_.options(), target_.path() + "/" + kStateFile);
  ASSERT_TRUE(restored) << restored.error().message();
  ASSERT_TRUE(OpenStores(folder_.options()).has_value());
  const auto reader = ReadStore::Open(folder_.path());
  const auto series = (*reader)->QuerySeries({.job = {"lr", 1}, .keys = {"loss"}});
  ASSERT_EQ(series->size(), 1U);
  EXPECT_EQ(series->front().steps.size(), 100U);
  EXPECT_TRUE((*reader)->QuerySeries({.job = {"lr", 2}, .keys = {"loss"}})->empty());
}

// Only a restore undoes anything, so only the first start after one looks through all jobs.
TEST_F(Backup, TheMetricsAgreeFromTheNextStartOn) {
  Close();
  ASSERT_TRUE(OpenStores(folder_.options()).has_value());
  EXPECT_FALSE((*StateStore::Open(folder_.options()))->NewestAfterRestore()->has_value());
  ASSERT_TRUE(CopyDatabases(folder_.path(), target_.path(), kGoOn));
  ASSERT_TRUE(RestoreFolder(folder_.options(), target_.path()));
  EXPECT_EQ((*StateStore::Open(folder_.options()))->NewestAfterRestore()->value(),
            (NewestAttempts{{{"lr", 1}, 1}}));
  ASSERT_TRUE(OpenStores(folder_.options()).has_value());
  EXPECT_FALSE((*StateStore::Open(folder_.options()))->NewestAfterRestore()->has_value());
}

TEST_F(Backup, ADamagedOneChangesNothing) {
  const int64_t before = state_->incarnation();
  ASSERT_TRUE(CopyDatabases(folder_.path(), target_.path(), kGoOn));
  Close();
  {
    std::fstream file(target_.path() + "/metrics.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 2);
    file << std::string(4096, '\x5a');
  }
  EXPECT_EQ(RestoreFolder(folder_.options(), target_.path()).error().code(), Code::kDataLoss);
  EXPECT_EQ((*StateStore::Open(folder_.options()))->incarnation(), before);
  TemporaryFolder empty;
  EXPECT_EQ(RestoreFolder(folder_.options(), empty.path()).error().code(), Code::kNotFound);
}

TEST_F(Backup, DamageIsFoundBesideTheWriter) {
  const std::string path = folder_.path() + "/" + kStateFile;
  auto check = IntegrityCheck::Open(path);
  ASSERT_TRUE(check.has_value()) << check.error().message();
  EXPECT_TRUE((*check)->Run(IntegrityCheck::Depth::kQuick).has_value());
  EXPECT_TRUE((*check)->Run(IntegrityCheck::Depth::kFull).has_value());
  (*check)->Interrupt();
  EXPECT_EQ((*check)->Run(IntegrityCheck::Depth::kQuick).error().code(), Code::kCancelled);
  check->reset();
  Close();
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 5);
    file << std::string(4096, '\x5a');
  }
  check = IntegrityCheck::Open(path);
  ASSERT_TRUE(check.has_value());
  EXPECT_EQ((*check)->Run(IntegrityCheck::Depth::kQuick).error().code(), Code::kDataLoss);
}

TEST_F(Backup, StuckAttemptsAreThoseThatNobodyBeginsOrHearsOf) {
  // Given out at 30 s by a worker that was last heard of at 20 s.
  const auto patience = std::chrono::seconds(60);
  auto open = ReadOpenAttempts(folder_.path(), At(50), patience);
  ASSERT_TRUE(open.has_value()) << open.error().message();
  EXPECT_EQ(open->count, 1);
  EXPECT_TRUE(open->stuck.empty());

  open = ReadOpenAttempts(folder_.path(), At(200), patience);
  ASSERT_EQ(open->stuck.size(), 1U);
  EXPECT_EQ(open->stuck[0].attempt, (AttemptName{{"lr", 1}, 1}));
  EXPECT_THAT(open->stuck[0].reason, HasSubstr("worker gpu01 was last heard of 3 min ago"));

  engine::Changes heard;
  heard.workers = {AWorker("gpu01")};
  heard.workers[0].last_seen = At(199);
  Commit(state_.get(), heard);
  open = ReadOpenAttempts(folder_.path(), At(200), patience);
  ASSERT_EQ(open->stuck.size(), 1U);
  EXPECT_THAT(open->stuck[0].reason, HasSubstr("has not begun it, given out 2 min ago"));

  const auto disk = ReadDisk(folder_.path());
  ASSERT_TRUE(disk.has_value());
  EXPECT_GT(disk->total_bytes, disk->free_bytes);
  EXPECT_GT(ReadSizes(folder_.path())[0].bytes, 0);
}

}  // namespace
}  // namespace optfleet::store
