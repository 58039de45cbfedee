#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "common/mapped_file.h"
#include "tests/trainer_core/temporary_folder.h"
#include "trainer_core/data/permutation.h"
#include "trainer_core/data/sampler.h"

namespace optfleet::trainer {
namespace {

using data::TrainingShare;
using testing::ElementsAre;
using enum spec::DataOrder;

std::vector<uint64_t> Order(uint64_t size, uint64_t key) {
  const Permutation permutation(size, key);
  std::vector<uint64_t> order;
  for (uint64_t i = 0; i < size; ++i) order.push_back(permutation.At(i));
  return order;
}

std::vector<uint8_t> Bytes(size_t count) {
  std::vector<uint8_t> bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(i % 251);
  return bytes;
}

TEST(Permutation, HitsEveryIndexOnceForEverySize) {
  for (uint64_t size = 1; size <= 300; ++size) {
    auto order = Order(size, size * 7919);
    std::sort(order.begin(), order.end());
    for (uint64_t i = 0; i < size; ++i) ASSERT_EQ(order[i], i) << "size " << size;
  }
}

TEST(Permutation, KeysGiveOtherOrders) {
  EXPECT_EQ(Order(1000, 5), Order(1000, 5));
  EXPECT_NE(Order(1000, 5), Order(1000, 6));
}

// Neighbours end up a third of the size apart on average, as two independent uniform draws do.
TEST(Permutation, LooksRandom) {
  const auto order = Order(10000, 11);
  double distance = 0;
  for (size_t i = 1; i < order.size(); ++i) {
    distance += std::abs(static_cast<double>(order[i]) - static_cast<double>(order[i - 1]));
  }
  EXPECT_NEAR(distance / 9999 / 10000, 1.0 / 3, 0.01);
}

// The order of a run is part of its numerics: another one needs a new numerics version.
TEST(Permutation, OrderIsFixedForGood) { EXPECT_THAT(Order(8, 1), ElementsAre(7, 1, 3, 2, 6, 0, 5, 4)); }

TEST(Parts, BorderIsTheFloorOfTheTrainingShare) {
  EXPECT_EQ(TrainingShare(1005, 0.1), 904);  // 904.5
  EXPECT_EQ(TrainingShare(10, 0.999), 0);
}

TEST(Sampler, EpochVisitsEveryChunkOnceInAnOrderOfItsOwn) {
  const auto sampler = Sampler::Create(101, 10, 42);  // 10 chunks of 10 and one token for the last target
  ASSERT_TRUE(sampler.has_value());
  ASSERT_EQ(sampler->sequences_per_epoch(), 10);
  auto first = sampler->Starts(0, 10);
  auto second = sampler->Starts(10, 10);
  EXPECT_NE(first, second);
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  EXPECT_THAT(first, ElementsAre(0, 10, 20, 30, 40, 50, 60, 70, 80, 90));
  EXPECT_EQ(first, second);
}

TEST(Sampler, PositionIsAllItNeedsToGoOn) {
  for (const auto order : {kShuffled, kSequential, kRandomWindows}) {
    const auto sampler = Sampler::Create(1000, 7, 3, order);
    const auto all = sampler->Starts(0, 400);  // several epochs
    for (int64_t position = 0; position < 400; position += 37) {
      const auto rest = sampler->Starts(position, 400 - position);
      EXPECT_TRUE(std::equal(rest.begin(), rest.end(), all.begin() + position)) << position;
    }
  }
}

TEST(Sampler, SeedChangesTheOrder) {
  for (const auto order : {kShuffled, kRandomWindows})
    EXPECT_NE(Sampler::Create(1000, 7, 1, order)->Starts(0, 100),
              Sampler::Create(1000, 7, 2, order)->Starts(0, 100));
}

TEST(Sampler, SequencesStayInsideTheirPart) {
  for (int64_t size = 12; size < 60; ++size) {
    for (const auto order : {kShuffled, kSequential, kRandomWindows}) {
      const auto sampler = Sampler::Create(size, 11, 1, order);
      ASSERT_TRUE(sampler.has_value());
      for (const int64_t start : sampler->Starts(0, 20)) {
        EXPECT_GE(start, 0);
        EXPECT_LE(start + 11, size - 1);
      }
    }
  }
}

TEST(Sampler, SequentialGoesThroughTheFileAndBeginsAgain) {
  const auto sampler = Sampler::Create(35, 10, 1, kSequential);
  EXPECT_THAT(sampler->Starts(1, 6), ElementsAre(10, 20, 0, 10, 20, 0));
}

// The first and the last place where a window fits are drawn, none beyond, and none much more often.
TEST(Sampler, WindowsBeginAnywhereWithTheSameChance) {
  const auto sampler = Sampler::Create(21, 10, 5, kRandomWindows);  // from 0 to 10
  std::vector<int> drawn(11);
  for (const int64_t start : sampler->Starts(0, 11000)) ++drawn.at(static_cast<size_t>(start));
  for (const int count : drawn) EXPECT_NEAR(count, 1000, 150);  // five standard deviations
}

// Like the permutation's order: windows of a run are part of its numerics.
TEST(Sampler, WindowsAreFixedForGood) {
  EXPECT_THAT(Sampler::Create(100000, 10, 1, kRandomWindows)->Starts(0, 4),
              ElementsAre(28787, 16201, 29156, 88358));
}

// Any number of ranks divides the same sequences, each exactly once and as evenly as can be.
TEST(Sampler, RanksShareTheSequencesOfAStep) {
  for (const auto order : {kShuffled, kSequential, kRandomWindows}) {
    const auto sampler = Sampler::Create(1000, 7, 3, order);
    for (const int64_t position : {0, 5, 141, 1000}) {
      const auto whole = sampler->Starts(position, 24);
      for (const int64_t ranks : {1, 2, 3, 5, 8, 24, 30}) {
        std::vector<int64_t> joined(24, -1);
        for (int64_t rank = 0; rank < ranks; ++rank) {
          const auto own = sampler->Starts(position, 24, {rank, ranks});
          EXPECT_LE(own.size(), static_cast<size_t>(24 / ranks + 1));
          size_t taken = 0;
          for (int64_t number = position; number < position + 24; ++number)
            if (number % ranks == rank) joined[static_cast<size_t>(number - position)] = own.at(taken++);
          EXPECT_EQ(taken, own.size());
        }
        EXPECT_EQ(joined, whole) << ranks << " ranks from " << position;
      }
    }
  }
}

TEST(Sampler, RefusesAPartShorterThanASequence) {
  const auto sampler = Sampler::Create(11, 11, 1);
  ASSERT_FALSE(sampler.has_value());
  EXPECT_EQ(sampler.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(sampler.error().message(), testing::HasSubstr("11 tokens"));
}

TEST(Sampler, TargetsAreTheNextTokens) {
  const auto bytes = Bytes(50);
  const std::vector<int64_t> starts{4, 20};
  std::vector<int64_t> inputs(6), targets(6);
  FillSequences(Tokens(bytes), starts, 3, inputs, targets);
  EXPECT_THAT(inputs, ElementsAre(4, 5, 6, 20, 21, 22));
  EXPECT_THAT(targets, ElementsAre(5, 6, 7, 21, 22, 23));
}

TEST(MappedFile, SaysWhatIsWrongWithAFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(MappedFile::Open(folder / "absent").error().code(), Code::kNotFound);
  EXPECT_EQ(MappedFile::Open(folder.path()).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(MappedFile::Open(folder.Write("empty", "")).error().code(), Code::kInvalidArgument);
  const auto file = MappedFile::Open(folder.Write("text", "abc"));
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ((*file)->text(), "abc");
}

}  // namespace
}  // namespace optfleet::trainer
