// Lists that are one value, not an axis.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using testing::Expanded;
using ::testing::HasSubstr;
using testing::MistakesOf;
using testing::PointsOf;

TEST(Literal, AListWithinTheListIsOneValueOfAKeyThatTakesLists) {
  EXPECT_THAT(PointsOf("schedule:\n"
                       "  name: stages\n"
                       "  stages:\n"
                       "    - [linear 0 to 1 for 5%, constant 1 for rest]\n"
                       "    - cosine 1 to 0 for rest\n"),
              ElementsAre("linear 0 to 1 for 5% then constant 1 for rest", "cosine 1 to 0 for rest"));
  const auto same = Expanded(
      "schedule:\n"
      "  name: stages\n"
      "  stages:\n"
      "    - [linear 0 to 1 for 5%, constant 1 for rest]\n"
      "    - linear 0 to 1 for 5% then constant 1 for rest\n");
  ASSERT_TRUE(same.expansion) << same.diagnostics.Render();
  EXPECT_EQ(same.expansion->jobs.size(), 1U) << "the same, said twice";
}

TEST(Literal, PartsMayBeComputed) {
  EXPECT_THAT(
      PointsOf("training.seed: [40, 30]\n"
               "schedule.name: stages\n"
               "schedule.stages: [['constant 1 for ${2 * training.seed}%', linear 1 to 0 for rest]]\n"),
      ElementsAre("40 constant 1 for 80% then linear 1 to 0 for rest",
                  "30 constant 1 for 60% then linear 1 to 0 for rest"));
}

TEST(Literal, MistakesSayWhere) {
  EXPECT_THAT(MistakesOf("schedule: {name: stages, stages: [[linear 0 to 1 for 5%, {a: 1}]]}\n"),
              HasSubstr("each part of a value of `schedule.stages` must be a text, found a map"));
  EXPECT_THAT(MistakesOf("schedule: {name: stages, stages: [[]]}\n"),
              HasSubstr("a value of `schedule.stages` has no parts"));
  EXPECT_THAT(MistakesOf("model.mlp: [[gelu, relu]]\n"), HasSubstr("a list on a key is an axis"));
}

}  // namespace
}  // namespace optfleet::sweeps
