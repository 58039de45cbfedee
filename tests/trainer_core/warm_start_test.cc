#include "trainer_core/checkpoint/warm_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer_core/stored_file.h"
#include "trainer_core/checkpoint/token_map.h"

namespace optfleet::trainer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A model as a handful of tensors, all -1 before it is filled.
class WarmStart : public testing::Test {
 protected:
  void Model(const std::string& name, std::vector<int64_t> shape, const std::string& type = "F32") {
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    model_[name] = {shape, std::vector<double>(static_cast<size_t>(count), -1.0), type};
  }
  void File(const std::string& name, std::vector<int64_t> shape, std::vector<double> values,
            const std::string& type = "F32") {
    file_[name] = {std::move(shape), std::move(values), type};
  }
  Result<StartReport> Fill() {
    spec_.start.weights = WriteStored(folder_, "start.safetensors", file_);
    std::map<std::string, std::string> bytes;
    std::vector<HostTensor> tensors;
    for (const auto& [name, numbers] : model_) {
      bytes[name] = ToBytes(numbers);
      tensors.push_back({name, numbers.type, numbers.shape, bytes[name].data()});
    }
    auto report = StartFrom(spec_, tensors);
    for (auto& [name, numbers] : model_)
      for (size_t i = 0; i < numbers.values.size(); ++i)
        numbers.values[i] = ReadElement(numbers.type, bytes[name].data(), static_cast<int64_t>(i));
    return report;
  }
  std::vector<double> Filled(const std::string& name) { return model_.at(name).values; }

  TemporaryFolder folder_;
  spec::TrainingSpec spec_;
  NumbersByName model_, file_;
};

TEST_F(WarmStart, EqualNamesAndShapesComeOver) {
  Model("final_norm.weight", {2});
  File("final_norm.weight", {2}, {3, 4});
  const auto report = Fill();
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(report->taken, 1);
  EXPECT_THAT(Filled("final_norm.weight"), ElementsAre(3, 4));
}

TEST_F(WarmStart, EverythingThatDiffersIsNamedAtOnceAndCounted) {
  Model("a.weight", {2});
  Model("b.weight", {2, 2});
  Model("c.weight", {1});
  File("b.weight", {2}, {1, 2});
  File("c.weight", {1}, {1}, "U8");
  File("d.weight", {1}, {1});
  const auto report = Fill();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code(), Code::kFailedPrecondition);
  for (const char* part : {"0 of its 3 parameters", "4 differences", "a.weight is not in the file",
                           "b.weight is [2] in the file and [2, 2] in the model",
                           "c.weight is U8 in the file", "the model has no d.weight", "start.strict"})
    EXPECT_THAT(report.error().message(), HasSubstr(part));
}

TEST_F(WarmStart, WithoutStrictWhatDiffersBeginsAnewAndIsReported) {
  Model("a.weight", {2});
  Model("b.weight", {2});
  File("b.weight", {2}, {1, 2});
  spec_.start.strict = false;
  const auto report = Fill();
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->taken, 1);
  EXPECT_EQ(report->begun_anew, 1);
  EXPECT_THAT(report->differences, ElementsAre("a.weight is not in the file"));
  EXPECT_THAT(Filled("a.weight"), ElementsAre(-1, -1));
  EXPECT_THAT(Filled("b.weight"), ElementsAre(1, 2));
}

TEST_F(WarmStart, PatternsChooseAndWhatIsNotChosenIsNoDifference) {
  Model("blocks.0.mlp.up.weight", {1});
  Model("blocks.0.norm1.weight", {1});
  Model("output.weight", {1, 1});
  spec_.model.layers = 1;
  File("blocks.0.mlp.up.weight", {1}, {5});
  File("blocks.0.norm1.weight", {1}, {6});
  File("head", {1}, {7});
  spec_.start.include = "blocks.*";
  spec_.start.exclude = "*.norm?.weight, nothing";
  const auto report = Fill();
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(report->taken, 1);
  EXPECT_THAT(Filled("blocks.0.mlp.up.weight"), ElementsAre(5));
  EXPECT_THAT(Filled("blocks.0.norm1.weight"), ElementsAre(-1));
}

TEST_F(WarmStart, LayersAreDuplicatedAsAsked) {
  for (int layer = 0; layer < 4; ++layer) Model("blocks." + std::to_string(layer) + ".norm1.weight", {1});
  for (int layer = 0; layer < 3; ++layer)
    File("blocks." + std::to_string(layer) + ".norm1.weight", {1}, {10.0 + layer});
  spec_.model.layers = 4;
  const auto layers = [&](const char* how) {
    spec_.start.layers = how;
    const auto report = Fill();
    EXPECT_TRUE(report.has_value()) << report.error().message();
    std::vector<double> all;
    for (int layer = 0; layer < 4; ++layer)
      all.push_back(Filled("blocks." + std::to_string(layer) + ".norm1.weight").front());
    return all;
  };
  EXPECT_THAT(layers("spread"), ElementsAre(10, 10, 11, 12));
  EXPECT_THAT(layers("stack"), ElementsAre(10, 11, 12, 10));
  EXPECT_THAT(layers("0-2,1"), ElementsAre(10, 11, 12, 11));
  spec_.start.layers = "0,1,2,3";
  EXPECT_THAT(Fill().error().message(), HasSubstr("names layer 3 of a file with 3"));
  spec_.start.layers = "same";
  EXPECT_THAT(Fill().error().message(), HasSubstr("blocks.3.norm1.weight is not in the file"));
}

TEST_F(WarmStart, ALargerVocabularyKeepsItsRowsAndGetsFreshOnes) {
  Model("token_embedding.weight", {3, 2});
  Model("output.bias", {3});
  File("token_embedding.weight", {2, 2}, {1, 2, 3, 4});
  File("output.bias", {2}, {8, 10});
  EXPECT_THAT(Fill().error().message(), HasSubstr("refuses another vocabulary"));
  spec_.start.new_rows = spec::NewRows::kInit;
  const auto report = Fill();
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(report->resized, 2);
  EXPECT_THAT(Filled("token_embedding.weight"), ElementsAre(1, 2, 3, 4, -1, -1));
  spec_.start.new_rows = spec::NewRows::kMean;
  ASSERT_TRUE(Fill().has_value());
  EXPECT_THAT(Filled("token_embedding.weight"), ElementsAre(1, 2, 3, 4, 2, 3));
  EXPECT_THAT(Filled("output.bias"), ElementsAre(8, 10, 9));
}

TEST_F(WarmStart, ASmallerVocabularyKeepsTheFirstRows) {
  Model("token_embedding.weight", {1, 2});
  File("token_embedding.weight", {2, 2}, {1, 2, 3, 4});
  spec_.start.new_rows = spec::NewRows::kInit;
  ASSERT_TRUE(Fill().has_value());
  EXPECT_THAT(Filled("token_embedding.weight"), ElementsAre(1, 2));
}

TEST_F(WarmStart, ATokenMapMovesRowsAlsoBetweenVocabulariesOfOneSize) {
  Model("token_embedding.weight", {3, 1});
  Model("output.weight", {3, 1});
  File("token_embedding.weight", {3, 1}, {1, 2, 6});
  File("output.weight", {3, 1}, {10, 20, 60});
  spec_.start.new_rows = spec::NewRows::kMean;
  spec_.start.token_map = folder_.Write("map.txt", "# old new\n2 0\n0\t2\n");
  ASSERT_TRUE(Fill().has_value());
  EXPECT_THAT(Filled("token_embedding.weight"), ElementsAre(6, 3, 1));
  EXPECT_THAT(Filled("output.weight"), ElementsAre(60, 30, 10));
  spec_.start.token_map = folder_.Write("map.txt", "0 0\n\n1 3\n");
  EXPECT_THAT(Fill().error().message(), HasSubstr("line 3 has the new id 3 of 3"));
}

// The model of the file was tied: its output matrix is the embedding.
TEST_F(WarmStart, AnOutputMatrixThatTheFileLacksBeginsAsItsEmbedding) {
  Model("token_embedding.weight", {2, 1});
  Model("output.weight", {2, 1});
  File("token_embedding.weight", {2, 1}, {1, 2});
  ASSERT_TRUE(Fill().has_value());
  EXPECT_THAT(Filled("output.weight"), ElementsAre(1, 2));
}

TEST_F(WarmStart, TypesAreConvertedToThoseOfTheRun) {
  Model("a.weight", {2}, "BF16");
  Model("b.weight", {1});
  File("a.weight", {2}, {1.00390625, 1.01171875});  // halfway between two: to the even one
  File("b.weight", {1}, {0.5}, "BF16");
  ASSERT_TRUE(Fill().has_value());
  EXPECT_THAT(Filled("a.weight"), ElementsAre(1.0, 1.015625));
  EXPECT_THAT(Filled("b.weight"), ElementsAre(0.5));
}

TEST_F(WarmStart, AnotherFileThanTheStatedOneIsRefused) {
  Model("a.weight", {1});
  File("a.weight", {1}, {1});
  const auto report = Fill();
  ASSERT_TRUE(report.has_value());
  spec_.start.fingerprint = FingerprintText(report->fingerprint);
  EXPECT_TRUE(Fill().has_value());
  File("a.weight", {1}, {2});
  EXPECT_THAT(Fill().error().message(), HasSubstr("not the " + spec_.start.fingerprint));
}

TEST(TokenMap, MistakesAreNamedWithTheirLine) {
  const auto mistake = [](const char* text) { return ParseTokenMap(text, 4, 4).error().message(); };
  EXPECT_THAT(mistake("1"), HasSubstr("line 1 needs an old and a new id"));
  EXPECT_THAT(mistake("0 0\n1 two"), HasSubstr("line 2 needs"));
  EXPECT_THAT(mistake("0 0\n1 0"), HasSubstr("line 2 names the new id 0 again"));
  EXPECT_THAT(mistake("4 0"), HasSubstr("old id 4 of 4"));
  EXPECT_THAT(ParseTokenMap("", 4, 2).value(), ElementsAre(-1, -1));
}

}  // namespace
}  // namespace optfleet::trainer
