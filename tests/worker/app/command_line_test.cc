#include "worker/app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::worker {
namespace {

using ::testing::HasSubstr;

tl::expected<CommandLine, Leaving> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "opt-worker");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST(WorkerCommandLine, ACoordinatorIsAllThatIsNeeded) {
  const auto line = Parse({"--coordinator", "head:7070"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->coordinator.address, "head:7070");
  EXPECT_FALSE(line->slots.cpu_slots.has_value());
  EXPECT_FALSE(line->stop_on_exit);
  EXPECT_EQ(line->grace, std::chrono::seconds(30));
  EXPECT_THAT(line->trainer.at(0), HasSubstr("/opt-trainer"));
  EXPECT_THAT(line->shim, HasSubstr("/opt-shim"));
}

TEST(WorkerCommandLine, TakesEveryOption) {
  const auto line = Parse(
      {"--coordinator-file", "e.json",      "--id",           "gpu01",         "--root",    "/r",
       "--trainer",          "python3",     "--trainer-args", "-m mine",       "--slots",   "0",
       "--threads",          "2",           "--memory",       "4GiB",          "--on-exit", "stop",
       "--on-partition",     "stop",        "--grace",        "1.5",           "--metrics", "127.0.0.1:0",
       "--log-json",         "--log-level", "debug",          "--parent-death"});
  ASSERT_TRUE(line) << line.error().text;
  EXPECT_EQ(line->slots.cpu_slots, 0);
  EXPECT_EQ(line->slots.memory_bytes, int64_t{4} << 30);
  EXPECT_THAT(line->trainer, ::testing::ElementsAre("python3", "-m", "mine"));
  EXPECT_EQ(line->grace, std::chrono::milliseconds(1500));
  EXPECT_TRUE(line->stop_on_exit && line->stop_on_partition && line->parent_death && line->log.json);
  EXPECT_EQ(line->log.level, Level::kDebug);
}

TEST(WorkerCommandLine, MistakesLeaveWithTwoAndASentence) {
  const auto refusal = [](std::vector<const char*> arguments) {
    const auto line = Parse(std::move(arguments));
    return line ? "accepted" : std::to_string(line.error().code) + " " + line.error().text;
  };
  EXPECT_THAT(refusal({}), HasSubstr("2 name the coordinator with"));
  EXPECT_THAT(refusal({"--coordinator", "a:1", "--coordinator-file", "f"}), HasSubstr("2 "));
  EXPECT_THAT(refusal({"--coordinator", "a:1", "--id", "My Host"}), HasSubstr("`my-host` would be one"));
  EXPECT_THAT(refusal({"--coordinator", "a:1", "--memory", "much"}), HasSubstr("write it as 512MiB"));
  EXPECT_THAT(refusal({"--coordinator", "a:1", "--on-exit", "run"}), HasSubstr("--on-exit"));
  EXPECT_THAT(refusal({"--coordinator", "a:1", "--log-level", "loud"}),
              HasSubstr("unknown log level `loud`"));
}

TEST(WorkerCommandLine, VersionAndHelpLeaveWithZero) {
  EXPECT_EQ(Parse({"--version"}).error().code, 0);
  EXPECT_EQ(Parse({"--help"}).error().code, 0);
}

TEST(ParseBytes, KnowsBinaryUnits) {
  EXPECT_EQ(ParseBytes("123").value(), 123);
  EXPECT_EQ(ParseBytes("64B").value(), 64);
  EXPECT_EQ(ParseBytes("512M").value(), int64_t{512} << 20);
  EXPECT_EQ(ParseBytes("1.5GiB").value(), int64_t{3} << 29);
  EXPECT_EQ(ParseBytes("2TB").value(), int64_t{2} << 40);
  for (const char* bad : {"", "G", "1X", "1GiBs", "-1", "inf", "1e300"}) EXPECT_FALSE(ParseBytes(bad)) << bad;
}

}  // namespace
}  // namespace optfleet::worker
