// Files, blocks, overrides and folders: who wins, and where paths start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sweeps/expand.h"
#include "sweeps/paths.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kEnough;
using testing::OneFile;
using ::testing::SizeIs;

std::vector<std::string> Paths(const SweepInput& input) {
  std::vector<std::string> paths;
  for (const NeededFile& file : ExpandSweep(input).files) paths.push_back(file.path);
  return paths;
}

std::vector<double> Rates(const SweepInput& input) {
  const auto result = ExpandSweep(input);
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  std::vector<double> rates;
  if (result.expansion)
    for (const Job& job : result.expansion->jobs) rates.push_back(job.spec.optimizer.learning_rate);
  return rates;
}

TEST(Composition, ALaterFileWinsInTheOldPlace) {
  const SweepInput input{{{"a", kEnough + "optimizer.learning_rate: 0.1\ntraining.seed: [1, 2]\n", ""},
                          {"b", "optimizer: {learning_rate: [0.3, 0.4]}\n", ""}},
                         {},
                         "",
                         {}};
  EXPECT_THAT(Rates(input), ElementsAre(0.3, 0.3, 0.4, 0.4));
}

TEST(Composition, ALaterListOfBlocksReplacesTheEarlier) {
  const SweepInput input{
      {{"a", kEnough + "sweep:\n- optimizer.learning_rate: 0.1\n- optimizer.learning_rate: 0.2\n", ""},
       {"b", "sweep:\n- optimizer.learning_rate: 0.3\n", ""}},
      {},
      "",
      {}};
  EXPECT_THAT(Rates(input), ElementsAre(0.3));
}

TEST(Composition, AnOverrideWinsOverEveryBlock) {
  SweepInput input =
      OneFile(kEnough + "sweep:\n- {optimizer.learning_rate: 0.1, training.seed: [1, 2]}\n- {}\n");
  input.overrides = {"optimizer.learning_rate=[0.5, 0.6]", "optimizer.learning_rate=0.7"};
  EXPECT_THAT(Rates(input), ElementsAre(0.7, 0.7, 0.7));
}

TEST(Composition, AMistakeStandsWhereTheWinningValueStands) {
  SweepInput input{
      {{"a.yaml", kEnough + "training.batch_size: 7\n", ""}, {"b.yaml", "\ntraining.micro_batch: 2\n", ""}},
      {},
      "",
      {}};
  EXPECT_THAT(ExpandSweep(input).diagnostics.Render(),
              HasSubstr("b.yaml:2:23: `training.batch_size` 7 is not a multiple"));
  input.overrides = {"training.micro_batch=3"};
  EXPECT_THAT(
      ExpandSweep(input).diagnostics.Render(),
      HasSubstr("--set #1:1:22: `training.batch_size` 7 is not a multiple of `training.micro_batch` 3"));
}

TEST(Composition, PathsStartAtTheFolderOfTheFileThatNamesThem) {
  SweepInput input{
      {{"a.yaml", "budget.steps: 1\ndata.path: ../data/a.txt\n", "/home/me/sweeps"}}, {}, "/tmp/here", {}};
  EXPECT_THAT(Paths(input), ElementsAre("/home/me/data/a.txt"));
  input.overrides = {"data.path=[./b.txt, c.txt, /d.txt]"};
  EXPECT_THAT(Paths(input), ElementsAre("/tmp/here/b.txt", "/tmp/here/c.txt", "/d.txt"));
  input.files[0].folder.clear();
  input.overrides.clear();
  EXPECT_THAT(Paths(input), ElementsAre("../data/a.txt"));
}

TEST(Composition, PathsAreTidiedWithoutAFileSystem) {
  EXPECT_EQ(AbsolutePath("/a/b", "c.txt"), "/a/b/c.txt");
  EXPECT_EQ(AbsolutePath("/a/b/", "./../c//d/."), "/a/c/d");
  EXPECT_EQ(AbsolutePath("/a", "../../../x"), "/x");
  EXPECT_EQ(AbsolutePath("/a", ".."), "/");
  EXPECT_EQ(AbsolutePath("/a", "/b/../c"), "/c");
}

TEST(Composition, PathsAreKnownAlsoWhereTheSweepIsWrong) {
  const SweepInput input = OneFile("data.path: [a.txt, b.txt, a.txt]\nmodle: 1\n");
  const auto result = ExpandSweep(input);
  EXPECT_FALSE(result.expansion);
  ASSERT_THAT(result.files, SizeIs(2));
  EXPECT_EQ(result.files[1].position, (SourcePosition{0, 1, 20, 5}));
}

TEST(Composition, EveryFileThatAJobReadsIsAskedForOnce) {
  const auto result = ExpandSweep(OneFile(std::string(kEnough) +
                                          "start: {weights: [none, old/run, old/run], token_map: map.json}\n"
                                          "data.validation_path: none\n"));
  std::vector<std::string> asked;
  for (const NeededFile& file : result.files) asked.push_back(std::string(file.key) + " " + file.path);
  EXPECT_THAT(asked, ElementsAre(HasSubstr("data.path "), HasSubstr("start.weights "),
                                 HasSubstr("start.token_map ")));
}

TEST(Composition, AnOverriddenPathIsNotAskedFor) {
  SweepInput input = OneFile("budget.steps: 1\ndata.path: gone.txt\n");
  input.overrides = {"data.path=there.txt"};
  EXPECT_THAT(Paths(input), ElementsAre("there.txt"));
}

}  // namespace
}  // namespace optfleet::sweeps
