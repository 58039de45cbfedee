#include "worker/process/record_source.h"

#include <gtest/gtest.h>

#include "tests/rundir/temporary_folder.h"

namespace optfleet::worker {
namespace {

using Named = std::pair<std::string_view, double>;

class Records : public ::testing::Test {
 protected:
  void Write(int64_t records) {
    const std::vector<Named> points{{"loss", 1.5}, {"tokens", 2}};
    for (int64_t i = 0; i < records; ++i) ASSERT_TRUE(log_->Append(i, Time(), points));
  }
  TemporaryFolder folder_;
  std::unique_ptr<rundir::LogWriter> log_ = rundir::LogWriter::Create(folder_.path()).value();
  RecordSource source_;
};

TEST_F(Records, FollowEachOther) {
  Write(10);
  auto batch = source_.Read(folder_.path(), 0).value();
  EXPECT_EQ(batch.records.size(), 10u);
  EXPECT_EQ(batch.keys, (std::vector<std::string>{"loss", "tokens"}));
  Write(5);
  batch = source_.Read(folder_.path(), 10).value();
  EXPECT_EQ(batch.records.front().number, 11);
  EXPECT_EQ(batch.records.size(), 5u);
}

TEST_F(Records, CanBeSentAgainFromAnyNumber) {
  Write(20);
  ASSERT_EQ(source_.Read(folder_.path(), 0)->records.size(), 20u);
  EXPECT_EQ(source_.Read(folder_.path(), 7)->records.front().number, 8);
  EXPECT_EQ(source_.Read(folder_.path(), 21).error().code(), Code::kOutOfRange);
  EXPECT_EQ(source_.Read(folder_.path(), 0)->records.front().number, 1);
}

TEST_F(Records, ComeInBoundedBatches) {
  Write(10000);
  int64_t after = 0;
  while (after < 10000) {
    const auto batch = source_.Read(folder_.path(), after).value();
    ASSERT_FALSE(batch.records.empty());
    EXPECT_LE(batch.records.size(), 4096u);
    EXPECT_EQ(batch.records.front().number, after + 1);
    after = batch.records.back().number;
  }
}

}  // namespace
}  // namespace optfleet::worker
