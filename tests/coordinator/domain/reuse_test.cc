#include "coordinator/domain/reuse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::domain {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

RunGround Ran() { return {2, false, {{"data.path", "1c291ca3-51234"}}, "EPYC"}; }
WantedGround Wanted() { return {2, {{"data.path", "1c291ca3-51234"}}, false, {"EPYC"}}; }
std::string WhyNot(const RunGround& ran, const WantedGround& wanted) {
  return WhyNotTakenOver(ran, wanted).value_or("");
}

TEST(Reuse, EqualDataAndNumericsAreEnough) {
  EXPECT_EQ(WhyNot(Ran(), Wanted()), "");
  WantedGround elsewhere = Wanted();
  elsewhere.devices = {"Xeon"};
  EXPECT_EQ(WhyNot(Ran(), elsewhere), "");
}

TEST(Reuse, NotFromAnotherVersionOfTheNumerics) {
  RunGround old = Ran();
  old.numerics_version = 1;
  EXPECT_THAT(WhyNot(old, Wanted()), HasSubstr("another version of the numerics"));
  RunGround mixed = Ran();
  mixed.resumed_from_other_version = true;
  EXPECT_THAT(WhyNot(mixed, Wanted()), HasSubstr("another version of the numerics"));
  EXPECT_NE(WhyNot({}, Wanted()), "") << "a trainer that says nothing";
}

TEST(Reuse, NotFromOtherOrUnknownData) {
  WantedGround other = Wanted();
  other.files["data.path"] = "00000000-1";
  EXPECT_EQ(WhyNot(Ran(), other), "the file of `data.path` held other data then");
  other.files["data.path"].reset();
  EXPECT_THAT(WhyNot(Ran(), other), HasSubstr("could not be read"));
  other = Wanted();
  other.files["start.token_map"] = "00000000-1";
  EXPECT_THAT(WhyNot(Ran(), other), HasSubstr("does not say what the file of `start.token_map` held"));
}

TEST(Reuse, WhatEndsByTimeOnlyFromTheSameDevice) {
  WantedGround timed = Wanted();
  timed.ends_by_time = true;
  EXPECT_EQ(WhyNot(Ran(), timed), "");
  timed.devices = {"EPYC", "Xeon"};
  EXPECT_THAT(WhyNot(Ran(), timed), HasSubstr("another kind of device"));
  timed.devices = {};
  EXPECT_THAT(WhyNot(Ran(), timed), HasSubstr("another kind of device")) << "nobody knows where it would run";
}

TEST(Reuse, FiguresOfTheMachineOnlyFromTheSameDevice) {
  const Figures all = {{"val_loss", 2.5},
                       {"train_seconds", 9},
                       {"tokens_per_second", 1000},
                       {"peak_memory_bytes", 1e9},
                       {"mfu", 0.4},
                       {"loss_spikes", 1},
                       {"predicted_memory_bytes", 1e9},
                       {"data_wait_share", 0.1},
                       {"val_bits_per_byte", 1.2}};
  EXPECT_EQ(FiguresTakenOver(all, true), all);
  EXPECT_THAT(FiguresTakenOver(all, false),
              ElementsAre(Key("loss_spikes"), Key("val_bits_per_byte"), Key("val_loss")));
}

}  // namespace
}  // namespace optfleet::domain
