// Databases that cannot be used: one sentence with a remedy, nothing changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

#include "coordinator/store/folder.h"
#include "coordinator/store/read_store.h"
#include "coordinator/store/schema.h"
#include "coordinator/store/state_store.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string StatePath(const TemporaryFolder& folder) { return folder.path() + "/" + kStateFile; }

Error OpenError(const TemporaryFolder& folder) {
  auto opened = StateStore::Open(folder.options());
  return opened.has_value() ? Error(Code::kUnknown, "opened") : opened.error();
}

void MakeDatabase(const TemporaryFolder& folder, int jobs = 50) {
  auto store = StateStore::Open(folder.options());
  ASSERT_TRUE(store.has_value()) << store.error().message();
  engine::Changes changes;
  changes.new_sweeps.push_back(NewSweep("lr", jobs));
  ASSERT_TRUE((*store)->Commit(changes).has_value());
}

TEST(Open, GarbageIsRefused) {
  TemporaryFolder folder;
  std::ofstream(StatePath(folder)) << std::string(5000, 'x');
  const Error error = OpenError(folder);
  EXPECT_EQ(error.code(), Code::kDataLoss);
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("state.db is not a database of this program"), HasSubstr("restore a backup")));
}

TEST(Open, AnotherProgramsDatabaseIsRefused) {
  TemporaryFolder folder;
  {
    auto strange = Connection::Open(StatePath(folder), Connection::Mode::kReadWriteCreate);
    ASSERT_TRUE(strange->Execute("CREATE TABLE bookmarks(url)").has_value());
  }
  EXPECT_EQ(OpenError(folder).code(), Code::kDataLoss);
}

TEST(Open, ATruncatedFileIsRefused) {
  TemporaryFolder folder;
  MakeDatabase(folder);
  const auto size = std::filesystem::file_size(StatePath(folder));
  std::filesystem::resize_file(StatePath(folder), size / 2);
  EXPECT_EQ(OpenError(folder).code(), Code::kDataLoss);
}

TEST(Open, AnOverwrittenPageIsRefused) {
  TemporaryFolder folder;
  MakeDatabase(folder, 200);
  {
    std::fstream file(StatePath(folder), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 3);
    file << std::string(4096, '\x5a');
  }
  EXPECT_EQ(OpenError(folder).code(), Code::kDataLoss);
}

TEST(Open, ANewerSchemaIsRefused) {
  TemporaryFolder folder;
  MakeDatabase(folder);
  {
    auto newer = Connection::Open(StatePath(folder), Connection::Mode::kReadWriteCreate);
    ASSERT_TRUE(newer->Execute("PRAGMA user_version = 99").has_value());
  }
  const Error error = OpenError(folder);
  EXPECT_EQ(error.code(), Code::kFailedPrecondition);
  EXPECT_THAT(error.message(), HasSubstr("has schema 99, this program knows up to " +
                                         std::to_string(kStateSchemaVersion) + "; start the newer program"));
  auto reader = ReadStore::Open(folder.path());
  EXPECT_FALSE(reader.has_value());
}

TEST(Open, OneCoordinatorPerFolder) {
  TemporaryFolder folder;
  auto first = StateStore::Open(folder.options());
  ASSERT_TRUE(first.has_value());
  const Error error = OpenError(folder);
  EXPECT_EQ(error.code(), Code::kFailedPrecondition);
  EXPECT_THAT(error.message(),
              HasSubstr("is in use by the coordinator of process " + std::to_string(getpid())));
  first->reset();
  EXPECT_TRUE(StateStore::Open(folder.options()).has_value());
}

TEST(Open, ANetworkDiskIsRefused) {
  TemporaryFolder folder;
  StoreOptions options = folder.options();
  options.file_system_type = [](const std::string&) -> Result<int64_t> { return 0x6969; };
  auto opened = StateStore::Open(options);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(opened.error().message(), HasSubstr("is on a network file system (NFS)"));
  EXPECT_FALSE(std::filesystem::exists(StatePath(folder)));
}

TEST(Open, AMissingFolderIsNamed) {
  auto opened = StateStore::Open({"/nonexistent/folder", {}});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code(), Code::kNotFound);
  EXPECT_THAT(opened.error().message(), HasSubstr("/nonexistent/folder"));
}

// No file of a child process may grow beyond a limit: what a full disk looks like to SQLite (EFBIG instead of
// ENOSPC).
TEST(Commit, ADiskThatTakesNoMoreFailsTheCommitAndKeepsTheRest) {
  TemporaryFolder folder;
  MakeDatabase(folder);
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    auto store = StateStore::Open(folder.options());
    const rlimit limit{1 << 19, 1 << 19};
    setrlimit(RLIMIT_FSIZE, &limit);
    engine::Changes large;
    large.new_sweeps.push_back(NewSweep("large", 20000));
    const Status done = (*store)->Commit(large);
    _exit(done.has_value() ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << "the commit claimed to have succeeded";
  auto store = StateStore::Open(folder.options());
  ASSERT_TRUE(store.has_value());
  EXPECT_EQ((*store)->Load()->sweeps.size(), 1U);
}

constexpr const char* kFirst = "CREATE TABLE t(a); INSERT INTO t VALUES (1);";
constexpr const char* kSecond = "ALTER TABLE t ADD COLUMN b DEFAULT 7;";
constexpr const char* kBroken = "ALTER TABLE t ADD COLUMN c DEFAULT 8; NOT SQL;";

TEST(Migration, TakesAnOldFileForwardAndKeepsACopy) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/t.db";
  const std::array<const char*, 1> old_steps = {kFirst};
  const std::array<const char*, 2> new_steps = {kFirst, kSecond};
  ASSERT_TRUE(OpenForWriting(path, {1234, old_steps, 1 << 20}).has_value());
  auto migrated = OpenForWriting(path, {1234, new_steps, 1 << 20});
  ASSERT_TRUE(migrated.has_value()) << migrated.error().message();
  EXPECT_EQ(migrated->QueryInt("SELECT b FROM t"), 7);
  EXPECT_EQ(migrated->QueryInt("PRAGMA user_version"), 2);
  auto copy = OpenForReading(path + ".before-1", {1234, old_steps, 1 << 20});
  ASSERT_TRUE(copy.has_value()) << copy.error().message();
  EXPECT_EQ(copy->QueryInt("SELECT a FROM t"), 1);
}

TEST(Migration, AFailedOneChangesNothing) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/t.db";
  const std::array<const char*, 1> old_steps = {kFirst};
  const std::array<const char*, 3> broken_steps = {kFirst, kSecond, kBroken};
  ASSERT_TRUE(OpenForWriting(path, {1234, old_steps, 1 << 20}).has_value());
  EXPECT_FALSE(OpenForWriting(path, {1234, broken_steps, 1 << 20}).has_value());
  auto still = OpenForWriting(path, {1234, old_steps, 1 << 20});
  ASSERT_TRUE(still.has_value());
  EXPECT_EQ(still->QueryInt("SELECT count(*) FROM pragma_table_info('t')"), 1);
}

TEST(Restore, RaisesTheIncarnationAboveBoth) {
  TemporaryFolder folder;
  MakeDatabase(folder);
  const std::string backup = folder.path() + "/backup.db";
  std::filesystem::copy_file(StatePath(folder), backup);
  const int64_t first = StateStore::Open(folder.options()).value()->incarnation();
  ASSERT_TRUE(RestoreBackup(folder.options(), backup).has_value());
  ASSERT_TRUE(
      RestoreBackup(folder.options(), backup).has_value());  // the backup itself is still of the first
  auto store = StateStore::Open(folder.options());
  ASSERT_TRUE(store.has_value()) << store.error().message();
  EXPECT_EQ((*store)->incarnation(), first + 2);
  EXPECT_EQ((*store)->Load()->first_incarnation, first);
  EXPECT_EQ((*store)->Load()->sweeps.at(0).fresh.size(), 50);
  EXPECT_TRUE(std::filesystem::exists(StatePath(folder) + ".replaced"));
  EXPECT_EQ(RestoreBackup(folder.options(), backup).error().code(), Code::kFailedPrecondition);  // in use
}

TEST(Restore, ReplacesADamagedDatabase) {
  TemporaryFolder folder;
  MakeDatabase(folder);
  const std::string backup = folder.path() + "/backup.db";
  std::filesystem::copy_file(StatePath(folder), backup);
  std::ofstream(StatePath(folder)) << "damaged";
  ASSERT_TRUE(RestoreBackup(folder.options(), backup).has_value());
  EXPECT_TRUE(StateStore::Open(folder.options()).has_value());
}

}  // namespace
}  // namespace optfleet::store
