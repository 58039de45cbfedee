// Tables of recorded curves: what is read, and what is said about what is none.
#include "sweeps/search/curve_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string MistakeIn(std::string_view text) {
  const auto table = ReadCurveTable(text);
  return table ? "none" : table.error().message();
}

TEST(CurveTable, ReadsWhatTellsJobsApartAndTheirCurves) {
  const auto table =
      ReadCurveTable("optimizer,rate,seconds_per_step,10,20\r\nsgd,0.1,0.5,4,3\r\n\nlion,1e-4,2,5,\n");
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_THAT(table->columns, ElementsAre("optimizer", "rate"));
  ASSERT_EQ(table->rows.size(), 2U);
  EXPECT_THAT(table->rows[0].cells, ElementsAre("sgd", "0.1"));
  EXPECT_EQ(table->rows[0].line, 2);
  EXPECT_EQ(table->rows[0].curve.seconds_per_step, 0.5);
  EXPECT_EQ(table->rows[0].curve.steps, 20);
  EXPECT_EQ(table->rows[0].curve.points.back().value, 3);
  EXPECT_EQ(table->rows[1].line, 4);
  ASSERT_EQ(table->rows[1].curve.points.size(), 2U);
  EXPECT_TRUE(std::isinf(table->rows[1].curve.points[1].value)) << "it diverged";
  EXPECT_EQ(table->rows[1].curve.steps, 20);
}

TEST(CurveTable, MistakesHaveALine) {
  EXPECT_THAT(MistakeIn(""), HasSubstr("there are no curves"));
  EXPECT_THAT(MistakeIn("a,seconds_per_step,10\n"), HasSubstr("there are no curves"));
  EXPECT_THAT(MistakeIn("a,b,10\n"), HasSubstr("line 1: the columns must be"));
  EXPECT_THAT(MistakeIn("a,seconds_per_step\n"), HasSubstr("line 1: the columns must be"));
  EXPECT_EQ(MistakeIn("a,seconds_per_step,10,10\n"), "line 1: `10` is no step above the one before");
  EXPECT_EQ(MistakeIn("a,seconds_per_step,0\n"), "line 1: `0` is no step above the one before");
  EXPECT_EQ(MistakeIn("a,seconds_per_step,10\nx,1,2,3\n"), "line 2: 4 cells, the first line has 3");
  EXPECT_EQ(MistakeIn("a,seconds_per_step,10\nx,0,2\n"), "line 2: `0` are no seconds of a step");
  EXPECT_EQ(MistakeIn("a,seconds_per_step,10\n\nx,1,2.5.1\n"), "line 3: `2.5.1` is no number");
}

}  // namespace
}  // namespace optfleet::sweeps
