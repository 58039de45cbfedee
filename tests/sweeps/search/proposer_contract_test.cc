// What holds for every method that draws points one after the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "sweeps/search/proposer.h"

namespace optfleet::sweeps {
namespace {

struct Kind {
  std::string name;
  SearchMethod method;
};

class ProposerContract : public ::testing::TestWithParam<Kind> {
 protected:
  static Space ThreeKinds() {
    return {{.key = "optimizer.learning_rate"},
            {.key = "model.layers", .kind = Dimension::Kind::kWhole, .count = 6},
            {.key = "optimizer.name", .kind = Dimension::Kind::kChoice, .count = 4}};
  }

  static std::unique_ptr<Proposer> Make(const Space& space, int32_t seed) {
    return MakeProposer(GetParam().method, space, seed);
  }

  // Best at a learning rate of 0.3 and choice 2; choice 3 fails above 0.8.
  static Trial Tried(int32_t number, const Point& point) {
    const int32_t choice = IndexOf(point[2], 4);
    if (choice == 3 && point[0] > 0.8) return {number, point, Trial::State::kFailed, 0};
    const double value = std::pow(point[0] - 0.3, 2) + std::abs(choice - 2) * 0.1 + point[1] / 100;
    return {number, point, Trial::State::kEnded, value};
  }

  // One after the other; each third still runs.
  static History Grown(const Proposer& proposer, int32_t points) {
    History history;
    for (int32_t number = 0; number < points; ++number) {
      history.push_back(Tried(number, proposer.Propose(number, history)));
      if (number % 3 == 2) history.back().state = Trial::State::kRunning;
    }
    return history;
  }
};

TEST_P(ProposerContract, PointsAreInTheCube) {
  const auto proposer = Make(ThreeKinds(), 1);
  for (const Trial& trial : Grown(*proposer, 80)) {
    ASSERT_EQ(trial.point.size(), 3U);
    for (const double share : trial.point) {
      EXPECT_GE(share, 0);
      EXPECT_LT(share, 1);
    }
  }
}

TEST_P(ProposerContract, TheSameHistoryGivesTheSamePoint) {
  const History history = Grown(*Make(ThreeKinds(), 1), 40);
  const auto proposer = Make(ThreeKinds(), 1);
  const Point first = proposer->Propose(40, history);
  EXPECT_EQ(proposer->Propose(40, history), first) << "asked again";
  EXPECT_EQ(Make(ThreeKinds(), 1)->Propose(40, history), first) << "asked of another";
}

TEST_P(ProposerContract, WithMorePointsTheFirstStay) {
  const auto proposer = Make(ThreeKinds(), 3);
  const History few = Grown(*proposer, 20);
  const History many = Grown(*proposer, 60);
  for (size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i].point, many[i].point) << i;
}

TEST_P(ProposerContract, WhatCameLaterDoesNotCount) {
  const auto proposer = Make(ThreeKinds(), 3);
  const History history = Grown(*proposer, 60);
  for (int32_t number = 0; number < 60; number += 7)
    EXPECT_EQ(proposer->Propose(number, history), history[static_cast<size_t>(number)].point) << number;
}

TEST_P(ProposerContract, TheOrderOfTheHistoryDoesNotCount) {
  const auto proposer = Make(ThreeKinds(), 4);
  History history = Grown(*proposer, 50);
  const Point point = proposer->Propose(50, history);
  std::mt19937 random(1);
  for (int i = 0; i < 5; ++i) {
    std::shuffle(history.begin(), history.end(), random);
    EXPECT_EQ(proposer->Propose(50, history), point);
  }
}

TEST_P(ProposerContract, WhatIsSaidTwiceCountsOnceAsItWasSaidLast) {
  const auto proposer = Make(ThreeKinds(), 5);
  const History history = Grown(*proposer, 50);
  History again = history;
  again.insert(again.end(), history.begin(), history.end());
  EXPECT_EQ(proposer->Propose(50, again), proposer->Propose(50, history));
  History before = history;
  for (Trial& trial : before) trial.state = Trial::State::kRunning;
  before.insert(before.end(), history.begin(), history.end());
  EXPECT_EQ(proposer->Propose(50, before), proposer->Propose(50, history));
}

TEST_P(ProposerContract, TheSeedChangesThePoints) {
  const History history = Grown(*Make(ThreeKinds(), 1), 40);
  for (const int32_t number : {0, 5, 40})
    EXPECT_NE(Make(ThreeKinds(), 1)->Propose(number, history),
              Make(ThreeKinds(), 2)->Propose(number, history));
}

TEST_P(ProposerContract, AFurtherDimensionChangesNothingOfTheFirstPoints) {
  Space wider = ThreeKinds();
  wider.push_back({.key = "optimizer.weight_decay"});
  for (const int32_t number : {0, 3, 9}) {
    Point wide = Make(wider, 6)->Propose(number, {});
    ASSERT_EQ(wide.size(), 4U);
    wide.pop_back();
    EXPECT_EQ(wide, Make(ThreeKinds(), 6)->Propose(number, {}));
  }
}

TEST_P(ProposerContract, PointsDiffer) {
  std::set<Point> points;
  for (const Trial& trial : Grown(*Make(ThreeKinds(), 7), 100)) points.insert(trial.point);
  EXPECT_EQ(points.size(), 100U);
}

TEST_P(ProposerContract, OddHistoriesDoNoHarm) {
  const auto proposer = Make(ThreeKinds(), 8);
  History history;
  for (int32_t number = 0; number < 40; ++number) {
    Trial trial = Tried(number, {0.5, 0.5, 0.5});
    if (number % 4 == 0) trial.value = std::numeric_limits<double>::quiet_NaN();
    if (number % 4 == 1) trial.value = -std::numeric_limits<double>::infinity();
    if (number % 4 == 2) trial.state = Trial::State::kFailed;
    history.push_back(trial);
  }
  history.push_back({40, {0.5}, Trial::State::kEnded, 1});  // of another space
  for (const int32_t number : {0, 20, 41, 50}) {
    const Point point = proposer->Propose(number, history);
    ASSERT_EQ(point.size(), 3U);
    for (const double share : point) EXPECT_TRUE(share >= 0 && share < 1) << share;
  }
  for (Trial& trial : history) trial.state = Trial::State::kFailed;
  EXPECT_EQ(proposer->Propose(50, history).size(), 3U) << "nothing worked at all";
  EXPECT_TRUE(Make({}, 1)->Propose(50, history).empty());
}

INSTANTIATE_TEST_SUITE_P(All, ProposerContract,
                         ::testing::Values(Kind{"Sobol", SearchMethod::kSobol},
                                           Kind{"Random", SearchMethod::kRandom},
                                           Kind{"Tpe", SearchMethod::kTpe}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace optfleet::sweeps
