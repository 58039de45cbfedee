// SQLite itself says whether the VFS keeps its promises: a committed transaction is there after any crash,
// one that was not is there as a whole or not at all, and the file is never damaged.
#include "tests/support/fault_vfs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "coordinator/store/sqlite.h"
#include "coordinator/store/state_store.h"

namespace optfleet::simulation {
namespace {

using store::Connection;

class FaultVfsTest : public testing::Test {
 protected:
  void Open(const std::string& journal = "WAL") {
    auto opened = Connection::Open("a/test.db", Connection::Mode::kReadWriteCreate, vfs_.name());
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    connection_.emplace(std::move(*opened));
    Run("PRAGMA journal_mode = " + journal + "; PRAGMA synchronous = FULL");
  }
  void Run(const std::string& sql) {
    const Status done = connection_->Execute(sql);
    ASSERT_TRUE(done.has_value()) << sql << ": " << done.error().message();
  }
  int64_t Int(const std::string& sql) { return connection_->QueryInt(sql).value_or(-1); }
  std::string Check() { return connection_->QueryText("PRAGMA integrity_check").value_or("failed"); }

  Time now_ = Time(std::chrono::seconds(1000));
  SimulatedDisk disk_{7};
  FaultVfs vfs_{"fault-test", &disk_, [this] { return now_; }};
  std::optional<Connection> connection_;
};

TEST_F(FaultVfsTest, ACommitSurvivesAPowerCutAndAnOpenTransactionDoesNot) {
  Open();
  Run("CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  Run("BEGIN; INSERT INTO t VALUES (2)");
  disk_.CutPower(PowerCut::kNothing);
  connection_.reset();  // of the dead process: nothing may change any more
  Open();
  EXPECT_EQ(Int("SELECT count(*) FROM t"), 1);
  EXPECT_EQ(Check(), "ok");
}

TEST_F(FaultVfsTest, WithoutSyncACommitIsLost) {  // so the disk really forgets
  Open();
  Run("CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  Run("PRAGMA synchronous = OFF; INSERT INTO t VALUES (2)");
  disk_.CutPower(PowerCut::kNothing);
  connection_.reset();
  Open();
  EXPECT_EQ(Int("SELECT count(*) FROM t"), 1);
}

TEST_F(FaultVfsTest, TwoConnectionsLockEachOtherOut) {
  Open();
  Run("CREATE TABLE t(x)");
  auto other = Connection::Open("a/test.db", Connection::Mode::kReadWriteCreate, vfs_.name());
  ASSERT_TRUE(other.has_value());
  Run("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
  const Status refused = other->Execute("BEGIN IMMEDIATE");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), Code::kUnavailable);
  EXPECT_EQ(other->QueryInt("SELECT count(*) FROM t").value(), 0) << "a reader sees what was committed";
  Run("COMMIT");
  EXPECT_EQ(other->QueryInt("SELECT count(*) FROM t").value(), 1);
  EXPECT_TRUE(other->Execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (2); COMMIT").has_value());
  EXPECT_EQ(Int("SELECT count(*) FROM t"), 2);
}

TEST_F(FaultVfsTest, AFullDiskIsToldAsSuchAndNothingIsDamaged) {
  Open();
  Run("CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  disk_.SetCapacity(disk_.used_bytes() + 1000);
  const Status full = connection_->Execute("INSERT INTO t VALUES (zeroblob(100000))");
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code(), Code::kResourceExhausted);
  disk_.SetCapacity(-1);
  Run("INSERT INTO t VALUES (2)");
  EXPECT_EQ(Int("SELECT count(*) FROM t"), 2);
  EXPECT_EQ(Check(), "ok");
}

TEST_F(FaultVfsTest, TheTimeIsTheGivenOne) {
  Open();
  EXPECT_EQ(Int("SELECT unixepoch()"), 1000);
}

TEST_F(FaultVfsTest, ACommitInWalModeSyncsOnceAndTheFirstOneAlsoTheFolder) {
  Open();
  Run("CREATE TABLE t(x)");
  const int64_t before = disk_.counts().syncs;
  Run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(disk_.counts().syncs - before, 1);
}

// Stopped at every operation in turn, with what a kill and each kind of power cut leave. With a rollback
// journal FULL is not enough, since the journal that a commit removed may come back; the VFS is strict enough
// to show it.
class Journals : public FaultVfsTest, public testing::WithParamInterface<const char*> {
 protected:
  static bool IsWal() { return std::string(GetParam()) == "WAL"; }

  // Returns how many commits were acknowledged.
  int CommitUntilStopped() {
    auto opened = Connection::Open("a/test.db", Connection::Mode::kReadWriteCreate, vfs_.name());
    if (!opened.has_value()) return 0;
    connection_.emplace(std::move(*opened));
    const std::string mode = std::string("PRAGMA journal_mode = ") + GetParam() +
                             (IsWal() ? "; PRAGMA synchronous = FULL" : "; PRAGMA synchronous = EXTRA");
    if (!connection_->Execute(mode).has_value()) return 0;
    if (!connection_->Execute("CREATE TABLE t(x); CREATE INDEX i ON t(x)").has_value()) return 0;
    int acknowledged = 0;
    const auto commit = [this] {
      return connection_
          ->Execute("BEGIN; INSERT INTO t VALUES (1); INSERT INTO t VALUES (zeroblob(3000)); COMMIT")
          .has_value();
    };
    while (acknowledged < 8 && commit()) ++acknowledged;
    return acknowledged;
  }

  void Crash(int kind) {
    if (kind == 0) disk_.Kill();
    if (kind == 1) disk_.CutPower(PowerCut::kNothing);
    if (kind == 2) disk_.CutPower(PowerCut::kSomePages);
    if (kind == 3) disk_.CutPower(PowerCut::kSomeSectors);
    connection_.reset();
  }

  void BeginAnew() {
    for (const char* name : {"a/test.db", "a/test.db-wal", "a/test.db-journal"}) disk_.Remove(name);
    disk_.SyncFolder("a");
  }
};

TEST_P(Journals, StoppedAtAnyOperationEveryAcknowledgedCommitIsThereAndNoHalfOne) {
  int all = 0;
  for (int64_t stop_at = 1; stop_at < 100; ++stop_at) {
    for (int kind = 0; kind < 4; ++kind) {
      BeginAnew();
      disk_.StopAt(stop_at);
      const int acknowledged = CommitUntilStopped();
      all += acknowledged;
      Crash(kind);
      Open(GetParam());
      ASSERT_EQ(Check(), "ok") << "stopped at " << stop_at << ", crash " << kind;
      const bool has_table = Int("SELECT count(*) FROM sqlite_schema WHERE name = 't'") == 1;
      const int64_t rows = has_table ? Int("SELECT count(*) FROM t") : 0;
      EXPECT_EQ(rows % 2, 0) << "half a transaction";
      EXPECT_GE(rows, 2 * acknowledged) << "stopped at " << stop_at << ", crash " << kind;
      EXPECT_LE(rows, 2 * acknowledged + 2) << "stopped at " << stop_at << ", crash " << kind;
      connection_.reset();
    }
  }
  EXPECT_GT(all, 100);
}

INSTANTIATE_TEST_SUITE_P(All, Journals, testing::Values("WAL", "DELETE"));

// Simulation, seed 1000140: killed inside a commit, started, and then the power failed.
TEST_F(FaultVfsTest, WhatAStoreHasReadAtItsStartIsThereForGood) {
  const store::StoreOptions options{.folder = "a", .file_system_type = {}, .vfs = vfs_.name()};
  const auto events = [this] {
    auto reader = Connection::Open("a/state.db", Connection::Mode::kReadOnly, vfs_.name());
    return reader->QueryInt("SELECT count(*) FROM events").value_or(-1);
  };
  int cut_short_and_there = 0;
  for (int64_t stop_at = 1; stop_at < 12; ++stop_at) {
    auto state = store::StateStore::Open(options);
    ASSERT_TRUE(state.has_value()) << state.error().message();
    const int64_t before = events();
    disk_.StopAt(stop_at);
    engine::Changes changes;
    changes.events.push_back({now_, "sweeps/lr", "created", ""});
    const bool acknowledged = (*state)->Commit(changes).has_value();
    disk_.Kill();
    state->reset();
    auto again = store::StateStore::Open(options);
    ASSERT_TRUE(again.has_value()) << again.error().message();
    const int64_t read = events();
    cut_short_and_there += !acknowledged && read > before;
    disk_.CutPower(PowerCut::kNothing);
    again->reset();
    again = store::StateStore::Open(options);
    EXPECT_EQ(events(), read) << "stopped at " << stop_at;
    disk_.Kill();
  }
  EXPECT_GT(cut_short_and_there, 0);
}

TEST_F(FaultVfsTest, TheStoreOpensOnIt) {
  const store::StoreOptions options{.folder = "a", .file_system_type = {}, .vfs = vfs_.name()};
  auto state = store::StateStore::Open(options);
  ASSERT_TRUE(state.has_value()) << state.error().message();
  engine::Changes changes;
  changes.events.push_back({now_, "sweeps/lr", "created", ""});
  ASSERT_TRUE((*state)->Commit(changes).has_value());
  disk_.CutPower(PowerCut::kNothing);
  state->reset();
  auto again = store::StateStore::Open(options);
  ASSERT_TRUE(again.has_value()) << again.error().message();
  auto reader = Connection::Open("a/state.db", Connection::Mode::kReadOnly, vfs_.name());
  EXPECT_EQ(reader->QueryInt("SELECT count(*) FROM events").value(), 1);
}

}  // namespace
}  // namespace optfleet::simulation
