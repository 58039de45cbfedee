#include "trainer_core/checkpoint/average_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer_core/stored_file.h"

namespace optfleet::trainer {
namespace {

using testing::HasSubstr;

class AverageFilesTest : public testing::Test {
 protected:
  std::string File(const NumbersByName& numbers) {
    return WriteStored(folder_, "in-" + std::to_string(++files_) + ".safetensors", numbers);
  }
  std::string out() const { return folder_ / "out.safetensors"; }
  TemporaryFolder folder_;
  int files_ = 0;
};

TEST_F(AverageFilesTest, TheMeanKeepsNamesShapesAndTypes) {
  const auto of = [](double a, double b) {
    return NumbersByName{{"a", {{2, 1}, {a, 2 * a}}}, {"b", {{1}, {b}, "BF16"}}, {"c", {{}, {b}, "F64"}}};
  };
  const Status written = AverageFiles({File(of(1, 1)), File(of(2, 3)), File(of(6, 8))}, out());
  ASSERT_TRUE(written.has_value()) << written.error().message();
  EXPECT_EQ(ReadStored(out()), of(3, 4));
}

// In fp32 the sum would lose the small ones.
TEST_F(AverageFilesTest, SumsAreWide) {
  std::vector<std::string> files;
  for (const double value : {16777216.0, 1.0, 1.0, 1.0, -16777216.0, 1.0, 1.0, 1.0})
    files.push_back(File({{"a", {{1}, {value}}}}));
  ASSERT_TRUE(AverageFiles(files, out()).has_value());
  EXPECT_EQ(ReadStored(out()).at("a").values.front(), 0.75);
}

TEST_F(AverageFilesTest, WhatDiffersIsRefusedAllAtOnceAndNothingIsWritten) {
  const std::string first =
      File({{"a", {{1}, {1}}}, {"b", {{2}, {1, 2}}}, {"c", {{1}, {1}}}, {"d", {{1}, {1}, "U8"}}});
  const std::string second =
      File({{"b", {{1, 2}, {1, 2}}}, {"c", {{1}, {1}, "BF16"}}, {"d", {{1}, {2}, "U8"}}});
  const Status written = AverageFiles({first, second}, out());
  ASSERT_FALSE(written.has_value());
  for (const char* part : {"4 differences", "a is missing", "b has another shape", "c has another type",
                           "d is no floating-point tensor"})
    EXPECT_THAT(written.error().message(), HasSubstr(part));
  EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(AverageFilesTest, AFileThatIsThereStays) {
  const std::string one = File({{"a", {{1}, {1}}}});
  EXPECT_EQ(AverageFiles({one, one}, one).error().code(), Code::kAlreadyExists);
}

TEST_F(AverageFilesTest, ADamagedFileIsNamed) {
  const std::string one = File({{"a", {{1}, {1}}}});
  const std::string text = ReadText(one);
  const std::string cut = folder_.Write("cut", text.substr(0, text.size() - 1));
  EXPECT_THAT(AverageFiles({one, cut}, out()).error().message(), HasSubstr("cut"));
}

}  // namespace
}  // namespace optfleet::trainer
