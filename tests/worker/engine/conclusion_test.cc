#include "worker/engine/conclusion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace optfleet::worker {
namespace {

using ::testing::HasSubstr;

rundir::ResultDocument Succeeded(int64_t last_record) {
  rundir::ResultDocument result;
  result.outcome = Outcome::kSucceeded;
  result.last_record = last_record;
  return result;
}

rundir::ExitDocument Exit(int code, int signal) {
  rundir::ExitDocument exit;
  exit.code = code;
  exit.signal = signal;
  return exit;
}

// What lies in a folder, column by column of the state table in docs/run-directory.md.
struct Row {
  bool exit = false;
  bool trainer_held = false;
  bool shim_held = false;
  bool started = false;
  bool result = false;
  bool other_boot = false;
};

DirectoryFacts FactsOf(const Row& row) {
  DirectoryFacts facts;
  facts.last_record = 10;
  if (row.exit) facts.exit = Exit(0, 0);
  facts.other_boot = row.other_boot;
  facts.trainer_held = row.trainer_held;
  facts.shim_held = row.shim_held;
  if (row.started) facts.started = rundir::StartedDocument{1, 2, 3, "boot"};
  if (row.result) facts.result = Succeeded(10);
  return facts;
}

TEST(StateTable, EveryCombinationHasTheStateOfItsFirstRow) {
  int checked = 0;
  for (int bits = 0; bits < 64; ++bits) {
    const Row row{(bits & 1) != 0, (bits & 2) != 0,  (bits & 4) != 0,
                  (bits & 8) != 0, (bits & 16) != 0, (bits & 32) != 0};
    DirectoryState expected = DirectoryState::kPrepared;
    if (row.exit && !row.trainer_held)
      expected = DirectoryState::kEnded;
    else if (row.trainer_held)
      expected = DirectoryState::kRunning;
    else if (row.shim_held)
      expected = DirectoryState::kStarting;
    else if (row.result || row.other_boot || row.started)
      expected = DirectoryState::kEnded;
    EXPECT_EQ(Conclude(FactsOf(row)).state, expected) << "combination " << bits;
    ++checked;
  }
  EXPECT_EQ(checked, 64);
}

TEST(StateTable, WhatMayHaveRunBeforeThePowerWasCutIsNotBegunAgain) {
  DirectoryFacts facts = FactsOf({.exit = false,
                                  .trainer_held = false,
                                  .shim_held = false,
                                  .started = false,
                                  .result = false,
                                  .other_boot = true});
  EXPECT_THAT(Conclude(facts).reason, HasSubstr("started again"));
  EXPECT_TRUE(Conclude(facts).retryable);
  facts.result = Succeeded(10);
  EXPECT_EQ(Conclude(facts).outcome, Outcome::kSucceeded) << "exit.json may be gone, result.json is not";
}

TEST(StateTable, ACleanExitWithAResultIsTheTrainersWord) {
  auto facts = FactsOf({true, false, false, true, true});
  facts.result->outcome = Outcome::kDiverged;
  facts.result->reason = "the loss became NaN at step 7";
  const auto end = Conclude(facts);
  EXPECT_EQ(end.outcome, Outcome::kDiverged);
  EXPECT_EQ(end.reason, "the loss became NaN at step 7");
  EXPECT_TRUE(end.by_result);
  EXPECT_FALSE(end.retryable);
}

TEST(StateTable, AResultDoesNotExcuseABadExit) {
  auto facts = FactsOf({true, false, false, true, true});
  facts.exit = Exit(0, SIGSEGV);
  EXPECT_EQ(Conclude(facts).outcome, Outcome::kFailed);
  EXPECT_FALSE(Conclude(facts).by_result);
}

TEST(StateTable, SignalsAreNamedAndRetryable) {
  DirectoryFacts facts;
  facts.exit = Exit(0, SIGKILL);
  const auto end = Conclude(facts);
  EXPECT_EQ(end.outcome, Outcome::kFailed);
  EXPECT_TRUE(end.retryable);
  EXPECT_THAT(end.reason, HasSubstr("killed by signal 9 (SIGKILL)"));
  EXPECT_THAT(end.reason, HasSubstr("memory was short"));
}

TEST(StateTable, RefusalsAreNotRetryableAndQuoteTheLastLine) {
  for (const int code : {2, 3, 120, 121}) {
    DirectoryFacts facts;
    facts.exit = Exit(code, 0);
    facts.output_tail = "loading\nspec: no such optimizer `lyon`\n\n";
    EXPECT_FALSE(Conclude(facts).retryable) << code;
    EXPECT_THAT(Conclude(facts).reason, HasSubstr(": spec: no such optimizer `lyon`")) << code;
  }
}

TEST(StateTable, OtherCodesAreRetryable) {
  DirectoryFacts facts;
  facts.exit = Exit(1, 0);
  EXPECT_TRUE(Conclude(facts).retryable);
  EXPECT_EQ(Conclude(facts).reason, "the trainer left with exit code 1");
  facts.exit = Exit(0, 0);
  EXPECT_THAT(Conclude(facts).reason, HasSubstr("without result.json"));
}

TEST(StateTable, ALogShorterThanItsResultSaysIsDamage) {
  auto facts = FactsOf({true, false, false, true, true});
  facts.result->last_record = 12;
  facts.log_damage = "damaged at byte 77";
  const auto end = Conclude(facts);
  EXPECT_EQ(end.outcome, Outcome::kFailed);
  EXPECT_TRUE(end.retryable);
  EXPECT_THAT(end.reason, HasSubstr("10 whole records of 12; damaged at byte 77"));
}

TEST(StateTable, BothKilledIsRetryable) {
  const auto end = Conclude(FactsOf({false, false, false, true, false}));
  EXPECT_EQ(end.outcome, Outcome::kFailed);
  EXPECT_TRUE(end.retryable);
  EXPECT_EQ(end.reason, "shim and trainer were both killed");
}

}  // namespace
}  // namespace optfleet::worker
