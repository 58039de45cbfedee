#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/checksum.h"
#include "common/kept_path.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "tests/rundir/temporary_folder.h"

namespace optfleet::rundir {
namespace {

namespace fs = std::filesystem;

class Checkpoints : public ::testing::Test {
 protected:
  std::string Make(int64_t step) {
    const std::string path = folder_ / (std::string(kCheckpoints) + "/" + CheckpointFolder(step));
    fs::create_directories(path);
    const std::string weights = "weights of step " + std::to_string(step);
    EXPECT_TRUE(WriteFileAtomically(path, "weights", weights));
    const ManifestDocument manifest{
        "test-1", step, step + 1, {{"weights", static_cast<int64_t>(weights.size()), Crc32c(weights)}}};
    EXPECT_TRUE(WriteFileAtomically(path, kManifestFile, ToJson(manifest).dump()));
    return path;
  }
  std::vector<int64_t> GoodSteps() {
    damaged_.clear();
    std::vector<int64_t> steps;
    for (const auto& checkpoint : GoodCheckpoints(folder_.path(), &damaged_))
      steps.push_back(checkpoint.manifest.step);
    return steps;
  }
  TemporaryFolder folder_;
  std::vector<std::string> damaged_;
};

TEST_F(Checkpoints, NoneBeforeTheFirst) { EXPECT_THAT(GoodSteps(), ::testing::IsEmpty()); }

TEST_F(Checkpoints, NewestFirst) {
  for (const int64_t step : {5, 1000, 20}) Make(step);
  EXPECT_THAT(GoodSteps(), ::testing::ElementsAre(1000, 20, 5));
  EXPECT_THAT(damaged_, ::testing::IsEmpty());
}

TEST_F(Checkpoints, AnUnfinishedOneIsNoCheckpointAndNoDamage) {
  fs::create_directories(folder_ / "checkpoints/.tmp-step-000000000007");
  Make(5);
  EXPECT_THAT(GoodSteps(), ::testing::ElementsAre(5));
  EXPECT_THAT(damaged_, ::testing::IsEmpty());
}

TEST_F(Checkpoints, ADamagedOneIsNamedAndTheOlderGoodOneIsFound) {
  Make(5);
  const std::string flipped = Make(10), shorter = Make(15), missing = Make(20), no_manifest = Make(25);
  ASSERT_TRUE(WriteFileAtomically(flipped, "weights", "weights of step 11"));
  ASSERT_TRUE(WriteFileAtomically(shorter, "weights", "weights"));
  fs::remove(missing + "/weights");
  fs::remove(no_manifest + "/manifest.json");
  EXPECT_THAT(GoodSteps(), ::testing::ElementsAre(5));
  EXPECT_THAT(damaged_, ::testing::ElementsAre(::testing::HasSubstr("wrong checksum"),
                                               ::testing::HasSubstr("7 bytes instead of 18"),
                                               ::testing::HasSubstr("is missing"),
                                               ::testing::HasSubstr("manifest.json")));
}

// Of the manifest itself, too: each bit of it.
TEST_F(Checkpoints, AChangedBitOfAManifestIsFoundOrChangesNothing) {
  const std::string path = Make(5);
  const std::string text = *ReadWholeFile(path + "/manifest.json");
  const std::string content = ToJson(*ReadManifest(path)).dump();
  int found = 0;
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto manifest = ManifestFromJson(Json::parse(changed, nullptr, /*allow_exceptions=*/false));
    if (!manifest)
      ++found;
    else
      EXPECT_EQ(ToJson(*manifest).dump(), content) << changed;
  }
  EXPECT_GT(found, static_cast<int>(text.size()) * 7);
}

TEST_F(Checkpoints, WhatIsKeptForGoodIsReadBack) {
  EXPECT_THAT(*ReadKeptSteps(folder_.path()), ::testing::IsEmpty());
  Make(5);
  ASSERT_TRUE(WriteKeptSteps(folder_.path(), {5, 10}));
  EXPECT_THAT(*ReadKeptSteps(folder_.path()), ::testing::ElementsAre(5, 10));
  EXPECT_THAT(GoodSteps(), ::testing::ElementsAre(5));
  ASSERT_TRUE(WriteFileAtomically(folder_.path() + "/checkpoints", kKeptFile, "{"));
  EXPECT_EQ(ReadKeptSteps(folder_.path()).error().code(), Code::kDataLoss);
}

TEST_F(Checkpoints, AManifestUnderAnotherStepsNameIsDamage) {
  fs::rename(Make(5), folder_ / "checkpoints/step-000000000006");
  EXPECT_THAT(GoodSteps(), ::testing::IsEmpty());
  EXPECT_THAT(damaged_, ::testing::ElementsAre(::testing::HasSubstr("holds step 5")));
}

}  // namespace
}  // namespace optfleet::rundir
