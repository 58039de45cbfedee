// The header key keep_checkpoints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using testing::Expanded;
using ::testing::HasSubstr;
using testing::MistakesOf;

KeepCheckpoints KeepOf(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const auto result = Expanded(text, overrides);
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  return result.expansion ? result.expansion->keep : KeepCheckpoints();
}

TEST(Keep, NothingIsLimitedUnlessItIsSaid) {
  const KeepCheckpoints keep = KeepOf("name: x\n");
  EXPECT_FALSE(keep.best_jobs || keep.best || keep.last);
}

TEST(Keep, IsReadNestedDottedAndFromOverrides) {
  const KeepCheckpoints nested = KeepOf("keep_checkpoints: {best_jobs: 3, last: 1}\n");
  EXPECT_EQ(nested.best_jobs, 3);
  EXPECT_EQ(nested.best, std::nullopt);
  EXPECT_EQ(nested.last, 1);
  EXPECT_EQ(KeepOf("keep_checkpoints.best: 2\n").best, 2);
  EXPECT_EQ(KeepOf("keep_checkpoints: {best_jobs: 3}\n", {"keep_checkpoints.best_jobs=0"}).best_jobs, 0);
  EXPECT_EQ(KeepOf("keep_checkpoints: {best_jobs: 3}\n", {"keep_checkpoints.last=4"}).best_jobs, 3);
}

TEST(Keep, MistakesSayWhatAndWhere) {
  const std::string all = MistakesOf("keep_checkpoints:\n  best_job: 3\n  last: 0\n  best: [1, 2]\n");
  EXPECT_THAT(all, HasSubstr("sweep.yaml:2:3: `keep_checkpoints` has no key `best_job`"));
  EXPECT_THAT(all, HasSubstr("did you mean `best_jobs`?"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:3:9: `last` must be a whole number from 1 to 1,000,000, found 0"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:4:9: `best` must be one value"));
  EXPECT_THAT(MistakesOf("keep_checkpoints: 3\n"), HasSubstr("must be a map of keys"));
  EXPECT_THAT(MistakesOf("sweep:\n  - keep_checkpoints: {last: 1}\n"), HasSubstr("cannot stand in a block"));
  EXPECT_THAT(MistakesOf("", {"keep_checkpoints.best_jobs=many"}), HasSubstr("found many"));
}

TEST(Keep, IsNoPartOfAJobsIdentity) {
  const auto with = Expanded("keep_checkpoints: {best_jobs: 3}\n");
  const auto without = Expanded("name: x\n");
  ASSERT_TRUE(with.expansion && without.expansion);
  EXPECT_EQ(with.expansion->jobs[0].hash, without.expansion->jobs[0].hash);
}

}  // namespace
}  // namespace optfleet::sweeps
