#include "worker/shim/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::shim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ShimOptions, EverythingBehindTwoDashesIsTheTrainers) {
  const auto options =
      ParseOptions({"--dir", "/r", "--shim-lock-fd", "7", "--", "trainer", "--dir", "x", "--"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->folder, "/r");
  EXPECT_EQ(options->shim_lock, 7);
  EXPECT_THAT(options->trainer, ElementsAre("trainer", "--dir", "x", "--"));
}

TEST(ShimOptions, MistakesAreNamed) {
  const auto refusal = [](const std::vector<std::string>& arguments) {
    const auto options = ParseOptions(arguments);
    return options ? "accepted" : options.error().message();
  };
  EXPECT_THAT(refusal({}), HasSubstr("--dir"));
  EXPECT_THAT(refusal({"--dir", "relative"}), HasSubstr("absolute"));
  EXPECT_THAT(refusal({"--dir"}), HasSubstr("needs a value"));
  EXPECT_THAT(refusal({"--dir", "/r"}), HasSubstr("--shim-lock-fd is missing"));
  EXPECT_THAT(refusal({"--dir", "/r", "--shim-lock-fd", "7"}), HasSubstr("trainer is missing"));
  EXPECT_THAT(refusal({"--dir", "/r", "--shim-lock-fd", "7x"}), HasSubstr("found `7x`"));
  EXPECT_THAT(refusal({"--dir", "/r", "--shim-lock-fd", "2"}), HasSubstr("from 3"));
  EXPECT_THAT(refusal({"--colour"}), HasSubstr("--colour"));
}

}  // namespace
}  // namespace optfleet::shim
