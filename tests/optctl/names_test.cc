// Names, ids, addresses and moments as the command line takes and shows them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optctl/commands/address.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/labels.h"
#include "optctl/commands/moments.h"
#include "optctl/commands/request_id.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/wire_json.h"
#include "optctl/commands/wire_names.h"

namespace optfleet::commands {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

TEST(ResourceArgument, ShortAndFullNamesMeanTheSame) {
  for (const char* text : {"lr/17", "sweeps/lr/jobs/17"})
    EXPECT_EQ(ToResource(JobNamed(text).value()), "sweeps/lr/jobs/17");
  for (const char* text : {"lr", "sweeps/lr"}) EXPECT_EQ(SweepNamed(text).value(), "sweeps/lr");
  for (const char* text : {"lr/17/2", "sweeps/lr/jobs/17/attempts/2"}) {
    EXPECT_EQ(ToResource(AttemptNamed(text).value()), "sweeps/lr/jobs/17/attempts/2");
  }
  for (const char* text : {"gpu01", "workers/gpu01"}) EXPECT_EQ(WorkerNamed(text).value(), "workers/gpu01");
}

TEST(ResourceArgument, AnythingElseIsRefusedWithTheForms) {
  for (const char* text :
       {"", "/", "lr/", "lr/0", "lr/x", "lr/1/0", "lr/1/2/3", "Lr", "sweeps/", "lr/-1", "../lr"}) {
    const auto parsed = ParseResource(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(parsed.error().message(), HasSubstr("SWEEP/JOB"));
  }
  EXPECT_FALSE(SweepNamed("lr/17"));
  EXPECT_FALSE(JobNamed("lr"));
  EXPECT_FALSE(WorkerNamed("a b"));
}

TEST(ResourceArgument, ShortNamesReadBack) {
  for (const char* name : {"sweeps/lr", "sweeps/lr/jobs/17", "sweeps/lr/jobs/17/attempts/2"}) {
    EXPECT_TRUE(ParseResource(ShortResource(name))) << name;
  }
  EXPECT_EQ(ShortResource("sweeps/lr/jobs/17/attempts/2"), "lr/17/2");
  EXPECT_EQ(ShortResource("something else"), "something else");
}

TEST(RequestId, SameContentSameId) {
  EXPECT_EQ(RequestIdOf("a"), RequestIdOf("a"));
  EXPECT_NE(RequestIdOf("a"), RequestIdOf("b"));
  EXPECT_THAT(RequestIdOf("a"), MatchesRegex("[0-9a-f-]{36}"));
  EXPECT_NE(RandomRequestId(), RandomRequestId());
}

TEST(Address, HostAndPortOrARefusal) {
  const auto none = [](const char*) { return std::string(); };
  EXPECT_EQ(ResolveAddress("gpu01:7070", "", none)->target, "gpu01:7070");
  EXPECT_EQ(ResolveAddress("[::1]:7070", "", none)->target, "[::1]:7070");
  EXPECT_EQ(ResolveAddress("", "", none)->target, "127.0.0.1:7070");
  for (const char* text :
       {"gpu01", "gpu01:", ":7070", "gpu01:0", "gpu01:65536", "gpu01:7070x", "gpu01:999999"}) {
    EXPECT_EQ(ResolveAddress(text, "", none).error().code(), Code::kInvalidArgument) << text;
  }
  const auto variable = [](const char*) { return std::string("nonsense"); };
  EXPECT_THAT(ResolveAddress("", "", variable).error().message(), HasSubstr("$OPTFLEET_COORDINATOR"));
}

TEST(Moments, IsoTimeIsUtcWithMilliseconds) {
  EXPECT_EQ(IsoTime(TimeFromUnixMicros(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(IsoTime(TimeFromUnixMicros(1'769'854'443'412'999)), "2026-01-31T10:14:03.412Z");
}

TEST(Moments, AgeHasOneUnit) {
  const Time now = TimeFromUnixMicros(1'000'000'000'000'000);
  const auto age = [&](int64_t seconds) { return Age(now - std::chrono::seconds(seconds), now); };
  EXPECT_EQ(age(-5), "0s");
  EXPECT_EQ(age(119), "119s");
  EXPECT_EQ(age(120), "2m");
  EXPECT_EQ(age(7199), "119m");
  EXPECT_EQ(age(7200), "2h");
  EXPECT_EQ(age(172800), "2d");
}

TEST(WireNames, EveryOutcomeIsTheWordOfTheRestOfTheProgram) {
  for (int number = v1::OUTCOME_SUCCEEDED; number <= v1::OUTCOME_LOST; ++number) {
    EXPECT_EQ(NameOf(static_cast<v1::Outcome>(number)), OutcomeName(static_cast<Outcome>(number)));
  }
  EXPECT_EQ(NameOf(v1::OUTCOME_UNSPECIFIED), "");
  EXPECT_EQ(NameOf(static_cast<v1::Outcome>(99)), "unknown_99") << "a newer coordinator may know more";
}

TEST(WireJson, ScalarsAreTyped) {
  EXPECT_EQ(ScalarJson("3").dump(), "3");
  EXPECT_EQ(ScalarJson("1e-3").dump(), "0.001");
  EXPECT_EQ(ScalarJson("true").dump(), "true");
  EXPECT_EQ(ScalarJson("adamw").dump(), "\"adamw\"");
  EXPECT_EQ(ScalarJson("").dump(), "\"\"");
  EXPECT_EQ(NumberJson(std::numeric_limits<double>::quiet_NaN()).dump(), "\"NaN\"");
  EXPECT_EQ(NumberJson(-std::numeric_limits<double>::infinity()).dump(), "\"-Infinity\"");
}

TEST(Labels, PointsAndFigures) {
  EXPECT_EQ(
      PointLabel(
          {{"optimizer.name", "adamw"}, {"optimizer.learning_rate", "3e-3"}, {"training.batch_size", "16"}}),
      "adamw lr=3e-3 batch 16");
  EXPECT_EQ(FigureText("val_loss", 1.8741), "1.874");
  EXPECT_EQ(FigureText("val_loss", std::nullopt), "-");
  EXPECT_EQ(FigureText("val_loss", std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(FigureText("peak_memory_bytes", 104857600), "100.0 MiB");
  EXPECT_EQ(FigureText("tokens_per_second", 24001.2), "24,001");
  EXPECT_EQ(FigureText("train_seconds", 171), "2:51");
}

TEST(ExitCode, FollowsTheErrorsOfTheCoordinator) {
  EXPECT_EQ(ExitCodeOf(Code::kInvalidArgument), 2);
  EXPECT_EQ(ExitCodeOf(Code::kNotFound), 3);
  EXPECT_EQ(ExitCodeOf(Code::kPermissionDenied), 4);
  EXPECT_EQ(ExitCodeOf(Code::kUnavailable), 5);
  EXPECT_EQ(ExitCodeOf(Code::kAlreadyExists), 6);
  EXPECT_EQ(ExitCodeOf(Code::kInternal), 1);
}

}  // namespace
}  // namespace optfleet::commands
