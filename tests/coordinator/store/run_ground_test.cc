// What a result's `numerics` say of the ground its figures rest on.
#include <gtest/gtest.h>

#include "coordinator/store/encode.h"

namespace optfleet::store {
namespace {

TEST(RunGround, IsReadFromTheNumericsOfAResult) {
  const auto ground =
      DecodeGround(R"({"version": 3, "device_model": "EPYC", "files": {"data.path": "0f-12", "odd": 1}})");
  EXPECT_EQ(ground.numerics_version, 3);
  EXPECT_EQ(ground.device_model, "EPYC");
  EXPECT_FALSE(ground.resumed_from_other_version);
  EXPECT_EQ(ground.files, (std::map<std::string, std::string>{{"data.path", "0f-12"}}));
}

TEST(RunGround, AnyStampBeforeCounts) {
  const auto ground = DecodeGround(
      R"({"version": 3, "device_model": "EPYC", "resumed_from": [{"version": 3, "device_model": "EPYC"},
                                                                 {"version": 2, "device_model": "EPYC"}]})");
  EXPECT_TRUE(ground.resumed_from_other_version);
  EXPECT_EQ(ground.device_model, "EPYC");
}

TEST(RunGround, OneOfSeveralDevicesIsNotTheDevice) {
  const auto ground = DecodeGround(
      R"({"version": 3, "device_model": "EPYC", "resumed_from": [{"version": 3, "device_model": "Xeon"}]})");
  EXPECT_FALSE(ground.resumed_from_other_version);
  EXPECT_EQ(ground.device_model, "");
}

TEST(RunGround, EarlierTrainersNamedOneStampByItself) {
  EXPECT_TRUE(DecodeGround(R"({"version": 3, "resumed_from": {"version": 2}})").resumed_from_other_version);
  EXPECT_FALSE(DecodeGround(R"({"version": 3, "resumed_from": {"version": 3}})").resumed_from_other_version);
}

TEST(RunGround, WhatIsNoObjectSaysNothing) {
  for (const char* text : {"", "7", "[]", "null", "{"}) {
    EXPECT_EQ(DecodeGround(text).numerics_version, 0) << text;
    EXPECT_TRUE(DecodeGround(text).files.empty()) << text;
  }
}

}  // namespace
}  // namespace optfleet::store
