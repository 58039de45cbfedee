#include "coordinator/app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::app {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

ParsedCommandLine Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "opt-coordinator");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandLine, HasSafeDefaults) {
  const auto parsed = Parse({"--state", "/tmp/x"});
  ASSERT_TRUE(parsed.run) << parsed.text;
  EXPECT_EQ(parsed.run->grpc.Text(), "127.0.0.1:7070");
  EXPECT_EQ(parsed.run->http.Text(), "127.0.0.1:7080");
  EXPECT_EQ(parsed.run->engine.lease, minutes(10));
  EXPECT_EQ(parsed.run->engine.period, seconds(1));
  EXPECT_FALSE(parsed.run->parent_death);
  EXPECT_EQ(parsed.run->retention.after.count(), 0) << "nothing is thinned unless somebody asks";
}

TEST(CommandLine, ThinningIsAskedFor) {
  const auto parsed = Parse({"--state", "x", "--thin-after", "90d", "--thin-to", "1000"});
  ASSERT_TRUE(parsed.run) << parsed.text;
  EXPECT_EQ(parsed.run->retention.after, std::chrono::hours(90 * 24));
  EXPECT_EQ(parsed.run->retention.points, 1000);
  EXPECT_FALSE(Parse({"--state", "x", "--thin-after", "later"}).run);
  EXPECT_FALSE(Parse({"--state", "x", "--thin-to", "1"}).run);
}

TEST(CommandLine, AReachableAddressMustBeRepeated) {
  const auto refused = Parse({"--state", "x", "--listen", "0.0.0.0:7070"});
  EXPECT_FALSE(refused.run);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.text, HasSubstr("--insecure-listen 0.0.0.0"));
  EXPECT_FALSE(Parse({"--state", "x", "--http", "192.168.1.1:80"}).run);
  EXPECT_FALSE(Parse({"--state", "x", "--listen", "0.0.0.0:7070", "--insecure-listen", "1.2.3.4"}).run);
  EXPECT_TRUE(Parse({"--state", "x", "--listen", "0.0.0.0:7070", "--insecure-listen", "0.0.0.0"}).run);
}

TEST(CommandLine, MistakesEndWithTwoAndSayWhich) {
  const std::vector<std::pair<std::vector<const char*>, std::string>> cases = {
      {{}, "--state"},
      {{"--state", "x", "--lease", "soon"}, "--lease"},
      {{"--state", "x", "--lease", "1s", "--period", "1s"}, "--lease must be at least twice --period"},
      {{"--state", "x", "--period", "-1s"}, "--period"},
      {{"--state", "x", "--log-level", "loud"}, "--log-level"},
      {{"--state", "x", "--listen", "7070"}, "--listen"},
      {{"--state", "x", "--no-such"}, "--no-such"}};
  for (const auto& [arguments, said] : cases) {
    const auto parsed = Parse(arguments);
    EXPECT_FALSE(parsed.run);
    EXPECT_EQ(parsed.exit_code, 2);
    EXPECT_THAT(parsed.text, HasSubstr(said));
  }
}

TEST(CommandLine, HelpAndVersionAreNoMistakes) {
  EXPECT_EQ(Parse({"--version"}).exit_code, 0);
  EXPECT_THAT(Parse({"--version"}).text, HasSubstr("opt-coordinator 0."));
  EXPECT_EQ(Parse({"--help"}).exit_code, 0);
  EXPECT_THAT(Parse({"--help"}).text, HasSubstr("--lease"));
}

TEST(Duration, HasUnits) {
  EXPECT_EQ(*ParseDuration("500ms"), std::chrono::milliseconds(500));
  EXPECT_EQ(*ParseDuration("30"), seconds(30));
  EXPECT_EQ(*ParseDuration("1.5h"), minutes(90));
  EXPECT_EQ(*ParseDuration("2d"), std::chrono::hours(48));
  for (const char* text : {"", "0s", "-1s", "10 m", "m", "10x", "nan", "inf", "1e300d", "0.1ms"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

}  // namespace
}  // namespace optfleet::app
