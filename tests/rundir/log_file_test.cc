#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/rundir/metrics_log.h"
#include "tests/rundir/temporary_folder.h"

namespace optfleet::rundir {
namespace {

using Named = std::pair<std::string_view, double>;

Result<int64_t> Append(LogWriter& writer, int64_t step) {
  return writer.Append(step, TimeFromUnixMicros(step),
                       std::vector<Named>{{"loss", 1.0 / static_cast<double>(step)}});
}

class LogFile : public ::testing::Test {
 protected:
  std::string LogPath() const { return folder_ / kMetricsLog; }
  void AppendBytes(const std::string& bytes) {
    std::ofstream(LogPath(), std::ios::app | std::ios::binary) << bytes;
  }
  TemporaryFolder folder_;
};

TEST_F(LogFile, AReaderFollowsAWriter) {
  LogReader reader(LogPath());
  EXPECT_THAT(reader.Read(10).value(), ::testing::IsEmpty());
  const auto writer = LogWriter::Create(folder_.path()).value();
  EXPECT_THAT(reader.Read(10).value(), ::testing::IsEmpty());
  for (int step = 1; step <= 25; ++step) EXPECT_EQ(Append(*writer, step).value(), step);
  ASSERT_TRUE(writer->Sync());
  EXPECT_EQ(reader.Read(10)->size(), 10u);
  EXPECT_EQ(reader.last_number(), 10);
  EXPECT_EQ(reader.Read(10)->back().number, 20);
  EXPECT_EQ(reader.Read(10)->size(), 5u);
  EXPECT_THAT(reader.Read(10).value(), ::testing::IsEmpty());
  ASSERT_TRUE(Append(*writer, 26));
  EXPECT_EQ(reader.Read(10)->front().step, 26);
  EXPECT_EQ(reader.keys(), std::vector<std::string>{"loss"});
}

TEST_F(LogFile, AnOldLogIsNeverContinued) {
  { const auto writer = LogWriter::Create(folder_.path()).value(); }
  const auto second = LogWriter::Create(folder_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kAlreadyExists);
}

TEST_F(LogFile, ReadingGoesOnBehindWhatIsHeld) {
  const auto writer = LogWriter::Create(folder_.path()).value();
  for (int step = 1; step <= 100; ++step) ASSERT_TRUE(Append(*writer, step));
  LogReader reader(LogPath());
  ASSERT_TRUE(reader.SkipTo(60));
  EXPECT_EQ(reader.Read(1)->front().number, 61);
  EXPECT_EQ(reader.SkipTo(101).error().code(), Code::kOutOfRange);
}

TEST_F(LogFile, DamageIsToldAfterTheWholeRecordsBeforeIt) {
  {
    const auto writer = LogWriter::Create(folder_.path()).value();
    for (int step = 1; step <= 3; ++step) ASSERT_TRUE(Append(*writer, step));
  }
  AppendBytes(std::string("\x05\0\0\0????hello", 13));
  LogReader reader(LogPath());
  EXPECT_EQ(reader.Read(100)->size(), 3u);
  EXPECT_EQ(reader.Read(100).error().code(), Code::kDataLoss);
  EXPECT_EQ(reader.Read(100).error().code(), Code::kDataLoss);
  EXPECT_EQ(reader.last_number(), 3);
}

TEST_F(LogFile, ARecordOfAlmostTheLargestFrameIsRead) {
  std::vector<std::string> names;
  std::vector<Named> points;
  for (int i = 0; i < 60000; ++i) names.push_back("k" + std::to_string(i));
  for (const auto& name : names) points.emplace_back(name, 0.5);
  const auto writer = LogWriter::Create(folder_.path()).value();
  for (int step = 1; step <= 3; ++step) ASSERT_TRUE(writer->Append(step, Time(), points));
  LogReader reader(LogPath());
  const auto records = reader.Read(10).value();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[2].points.size(), 60000u);
}

// A reader that saw half a frame must not be misled when the writer cuts that half off and writes other bytes
// in its place.
TEST_F(LogFile, AHalfFrameThatIsCutBackIsForgotten) {
  const auto writer = LogWriter::Create(folder_.path()).value();
  ASSERT_TRUE(Append(*writer, 1));
  const std::string whole = ReadWholeFile(LogPath()).value();
  AppendBytes(std::string("\x40\0\0\0half", 8));
  LogReader reader(LogPath());
  EXPECT_EQ(reader.Read(10)->size(), 1u);
  ASSERT_EQ(::truncate(LogPath().c_str(), static_cast<off_t>(whole.size())), 0);
  ASSERT_TRUE(Append(*writer, 2));
  EXPECT_EQ(reader.Read(10)->front().number, 2);
}

// The disk fills up: a child process under RLIMIT_FSIZE with SIGXFSZ ignored gets short writes and EFBIG as a
// full disk gives ENOSPC.
TEST_F(LogFile, AFullDiskLeavesWholeRecordsAndTheCallCanBeRepeated) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto writer = LogWriter::Create(folder_.path()).value();
    const rlimit small{200, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0) ::_exit(2);
    int64_t step = 1;
    while (Append(*writer, step)) ++step;
    if (writer->Append(step, Time(), std::vector<Named>{{"new_key", 1}})) ::_exit(3);
    const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_FSIZE, &large) != 0) ::_exit(4);
    if (writer->Append(step, Time(), std::vector<Named>{{"new_key", 1}}).value_or(0) != step) ::_exit(5);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0);
  LogReader reader(LogPath());
  const auto records = reader.Read(100).value();
  ASSERT_GE(records.size(), 3u);
  EXPECT_TRUE(reader.Read(100));
  EXPECT_EQ(reader.keys(), (std::vector<std::string>{"loss", "new_key"}));
  EXPECT_EQ(records.back().points.at(0).key, 1);
}

// Several records in one write: those that are whole when the disk gets full count, with their keys and no
// others.
TEST_F(LogFile, OfSeveralRecordsAFullDiskKeepsTheWholeOnes) {
  const std::vector<Named> loss = {{"loss", 1}};
  const std::vector<Named> other = {{"other", 2}};
  const std::vector<NewRecord> records = {
      {1, Time(), loss}, {2, Time(), loss}, {3, Time(), other}, {4, Time(), loss}};
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto writer = LogWriter::Create(folder_.path()).value();
    const rlimit small{140, RLIM_INFINITY};  // header, keys, two records and some
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0) ::_exit(2);
    if (writer->Append(records).value_or(0) != 2) ::_exit(3);
    if (writer->last_number() != 2) ::_exit(4);
    if (writer->Append(std::span(records).subspan(2))) ::_exit(5);
    const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_FSIZE, &large) != 0) ::_exit(6);
    if (writer->Append(std::span(records).subspan(2)).value_or(0) != 4) ::_exit(7);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0);
  LogReader reader(LogPath());
  const auto read = reader.Read(100).value();
  ASSERT_EQ(read.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(read[i].step, records[i].step);
  EXPECT_EQ(reader.keys(), (std::vector<std::string>{"loss", "other"}));
  EXPECT_EQ(read[2].points.at(0).key, 1);
  EXPECT_TRUE(reader.Read(100)) << "damage behind the last record";
}

}  // namespace
}  // namespace optfleet::rundir
