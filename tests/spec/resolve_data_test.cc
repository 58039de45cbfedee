// What the keys of the data promise each other, and the lengths of sequences that follow from them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/canonical.h"
#include "spec/length_warmup.h"
#include "spec/schedule.h"
#include "tests/spec/resolving.h"

namespace optfleet::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TrainingSpec Short() {
  TrainingSpec spec = Small();
  spec.data.sequence_length = 64;
  return spec;
}

std::vector<int64_t> Lengths(const TrainingSpec& spec, int64_t steps) {
  std::vector<int64_t> lengths;
  for (int64_t step = 1; step <= steps; ++step)
    lengths.push_back(SequenceLengthAt(spec, static_cast<double>(step)));
  return lengths;
}

TEST(ResolveData, LengthWarmupStartsAtAnEighth) {
  TrainingSpec spec = Short();
  spec.data.length_warmup = Percent(12);
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.data.length_start, 8);
  EXPECT_EQ(spec.data.length_warmup, Steps(12));
  const TrainingSpec once = spec;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec, once);
}

TEST(ResolveData, AWarmupOfNoWholeStepIsNone) {
  TrainingSpec spec = Short();
  const std::string hash = (Resolve(&spec), Hash(spec));
  spec.data.length_warmup = Percent(0.3);
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.data.length_start, 0);
  EXPECT_EQ(Hash(spec), hash);
}

TEST(ResolveData, EachShorterLengthLastsAnEqualPart) {
  TrainingSpec spec = Short();
  spec.data.length_warmup = Steps(6);
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_THAT(Lengths(spec, 8), ElementsAre(8, 8, 16, 16, 32, 32, 64, 64));
  spec.data.length_warmup = Steps(4);  // 3 lengths in 4 steps
  EXPECT_THAT(Lengths(spec, 5), ElementsAre(8, 8, 16, 32, 64));
  spec.data.length_warmup = Steps(2);  // fewer steps than lengths: 16 is never reached
  EXPECT_THAT(Lengths(spec, 3), ElementsAre(8, 16, 64));
  spec.data.length_warmup = {};
  EXPECT_THAT(Lengths(spec, 2), ElementsAre(64, 64));
}

TEST(ResolveData, ARunByTimeGrowsWithItsShare) {
  TrainingSpec spec = Short();
  spec.budget = {.seconds = 100};
  spec.data.length_warmup = Percent(30);
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  const auto at = [&](double seconds) { return SequenceLengthAt(spec, PositionOf(spec.budget, 5, seconds)); };
  EXPECT_EQ(at(0), 8);
  EXPECT_EQ(at(9.9), 8);
  EXPECT_EQ(at(10.1), 16);
  EXPECT_EQ(at(29.9), 32);
  EXPECT_EQ(at(30.1), 64);
}

TEST(ResolveData, RefusesLengthsThatDoNotDoubleToTheWhole) {
  TrainingSpec spec = Short();
  spec.data.length_warmup = Steps(10);
  for (const int64_t start : {64, 128, 5, 21}) {
    spec.data.length_start = start;
    EXPECT_THAT(Messages(spec), ElementsAre("`data.length_start` " + std::to_string(start) +
                                            " does not double to `data.sequence_length` 64"));
  }
  spec.data.sequence_length = 66;  // no eighth
  spec.data.length_start = 0;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("does not double")));
  spec.data.sequence_length = 64;
  spec.data.length_warmup = Steps(101);
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("`data.length_warmup` 101 is more than the 100 steps")));
}

TEST(ResolveData, SmallVocabulariesNeedAFileOfTokens) {
  TrainingSpec spec = Short();
  spec.model.vocab_size = 100;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("less than the 256 values of a byte")));
  spec.data.format = DataFormat::kTokens;
  EXPECT_THAT(Messages(spec), IsEmpty());
}

TEST(ResolveData, WidthsOfNumbers) {
  TrainingSpec spec = Short();
  spec.data.format = DataFormat::kNanoGpt;
  spec.data.token_bytes = 3;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("`data.token_bytes` 3")));
  spec.data.format = DataFormat::kLlmC;  // does not read it
  EXPECT_THAT(Messages(spec), IsEmpty());
}

TEST(ResolveData, AValidationFileMakesTheShareMeaningless) {
  TrainingSpec spec = Short();
  spec.data.validation_path = "other.txt";
  spec.data.validation_share = 0.3;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.data.validation_share, 0.1);
}

}  // namespace
}  // namespace optfleet::spec
