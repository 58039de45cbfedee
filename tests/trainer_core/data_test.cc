#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "tests/trainer_core/temporary_folder.h"
#include "trainer_core/data/mapped_file.h"
#include "trainer_core/data/parts.h"
#include "trainer_core/data/permutation.h"
#include "trainer_core/data/sampler.h"

namespace optfleet::trainer {
namespace {

using testing::ElementsAre;

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
  const auto bytes = Bytes(1005);
  const DataParts parts = SplitByShare(bytes, 0.1);
  EXPECT_EQ(parts.train.size(), 904u);  // 904.5
  EXPECT_EQ(parts.validation.size(), 101u);
  EXPECT_EQ(parts.train.data() + parts.train.size(), parts.validation.data());
}

TEST(Sampler, EpochVisitsEveryChunkOnceInAnOrderOfItsOwn) {
  const auto bytes = Bytes(101);  // 10 chunks of 10 and one byte for the last target
  const auto sampler = Sampler::Create(bytes, 10, 42);
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
  const auto bytes = Bytes(1000);
  const auto sampler = Sampler::Create(bytes, 7, 3);
  const auto all = sampler->Starts(0, 400);  // several epochs
  for (int64_t position = 0; position < 400; position += 37) {
    const auto rest = sampler->Starts(position, 400 - position);
    EXPECT_TRUE(std::equal(rest.begin(), rest.end(), all.begin() + position)) << position;
  }
}

TEST(Sampler, SeedChangesTheOrder) {
  const auto bytes = Bytes(1000);
  EXPECT_NE(Sampler::Create(bytes, 7, 1)->Starts(0, 100), Sampler::Create(bytes, 7, 2)->Starts(0, 100));
}

TEST(Sampler, SequencesStayInsideTheirPart) {
  for (size_t size = 12; size < 60; ++size) {
    const auto bytes = Bytes(size);
    const auto sampler = Sampler::Create(bytes, 11, 1);
    ASSERT_TRUE(sampler.has_value());
    for (const int64_t start : sampler->Starts(0, 20)) EXPECT_LE(start + 11, static_cast<int64_t>(size) - 1);
  }
}

TEST(Sampler, RefusesAPartShorterThanASequence) {
  const auto bytes = Bytes(11);
  const auto sampler = Sampler::Create(bytes, 11, 1);
  ASSERT_FALSE(sampler.has_value());
  EXPECT_EQ(sampler.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(sampler.error().message(), testing::HasSubstr("11 bytes"));
}

TEST(Sampler, TargetsAreTheNextTokens) {
  const auto bytes = Bytes(50);
  const std::vector<int64_t> starts{4, 20};
  std::vector<int64_t> inputs(6), targets(6);
  FillSequences(bytes, starts, 3, inputs, targets);
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

TEST(Fingerprint, ChangesWithAnyByte) {
  auto bytes = Bytes(1000);
  const DataFingerprint before = Fingerprint(bytes);
  bytes[500] ^= 1;
  EXPECT_FALSE(Fingerprint(bytes) == before);
}

}  // namespace
}  // namespace optfleet::trainer
