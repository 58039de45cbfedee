#include "common/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/json.h"
#include "common/rundir/documents.h"
#include "tests/rundir/temporary_folder.h"

namespace optfleet {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class LogFile : public ::testing::Test {
 protected:
  ~LogFile() override { EXPECT_TRUE(StartLog({})); }
  void Start(bool json) {
    LogOptions options;
    options.path = path_;
    options.json = json;
    ASSERT_TRUE(StartLog(options));
  }
  std::string Text() { return rundir::ReadWholeFile(path_).value(); }
  TemporaryFolder folder_;
  const std::string path_ = folder_ / "x.log";
};

TEST_F(LogFile, OneLinePerEventWithKeysAndValues) {
  Start(false);
  Log(Level::kInfo, "lease.expired",
      {{"job", "sweeps/lr/jobs/17"}, {"unreachable_s", 600}, {"late", true}, {"x", 0.5}});
  EXPECT_THAT(Text(), ContainsRegex("^[0-9-]{10}T[0-9:.]{12}Z info  lease.expired job=sweeps/lr/jobs/17 "
                                    "unreachable_s=600 late=true x=0.5\n$"));
}

TEST_F(LogFile, AValueCannotForgeAnotherLineOrKey) {
  Start(false);
  Log(Level::kWarn, "e",
      {{"a", "two words"}, {"b", "x\ny"}, {"c", "k=v"}, {"d", ""}, {"e", "say \"hi\""}, {"f", "\xff"}});
  EXPECT_THAT(Text(), HasSubstr(R"(a="two words" b="x\ny" c="k=v" d="" e="say \"hi\"" f=)"));
  const std::string text = Text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST_F(LogFile, JsonLinesKeepTypes) {
  Start(true);
  Log(Level::kError, "e", {{"n", 3}, {"t", "x"}});
  const Json line = Json::parse(Text());
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["event"], "e");
  EXPECT_EQ(line["n"], 3);
  EXPECT_EQ(line["t"], "x");
}

TEST_F(LogFile, TheLevelCanBeChangedWhileRunning) {
  Start(false);
  Log(Level::kDebug, "hidden", {});
  SetLogLevel(Level::kDebug);
  Log(Level::kDebug, "shown", {});
  EXPECT_THAT(Text(), ::testing::Not(HasSubstr("hidden")));
  EXPECT_THAT(Text(), HasSubstr("shown"));
}

TEST_F(LogFile, AFileThatCannotBeOpenedIsNamed) {
  LogOptions options;
  options.path = "/proc/none/x.log";
  EXPECT_THAT(StartLog(options).error().message(), HasSubstr("/proc/none/x.log"));
}

TEST(LogLevel, Names) {
  EXPECT_EQ(LevelFromName("warn").value(), Level::kWarn);
  EXPECT_THAT(LevelFromName("loud").error().message(), HasSubstr("trace, debug, info, warn or error"));
}

}  // namespace
}  // namespace optfleet
