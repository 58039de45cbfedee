// Every form of data file, whole and damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer_core/small_runs.h"
#include "tests/trainer_core/token_files.h"
#include "trainer_core/data/data_set.h"

namespace optfleet::trainer {
namespace {

using data::ReadLayout;
using data::TokenLayout;
using spec::DataFormat;
using testing::ElementsAre;
using testing::HasSubstr;

std::span<const uint8_t> AsBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Result<TokenLayout> Read(const std::string& bytes, DataFormat format = DataFormat::kAuto,
                         int64_t token_bytes = 2, std::string_view name = "file") {
  return ReadLayout(AsBytes(bytes), format, token_bytes, name);
}

std::vector<int64_t> All(const Result<TokenLayout>& layout) {
  if (!layout.has_value()) {
    ADD_FAILURE() << layout.error().message();
    return {};
  }
  std::vector<int64_t> ids(static_cast<size_t>(layout->tokens.size()));
  layout->tokens.CopyTo(0, ids);
  return ids;
}

std::string Refusal(const Result<TokenLayout>& layout) {
  return layout.has_value() ? "read without complaint" : layout.error().message();
}

TEST(TokenFile, TextIsItsBytes) {
  const std::string bytes = "abc";
  const auto layout = Read(bytes);
  EXPECT_THAT(All(layout), ElementsAre('a', 'b', 'c'));
  EXPECT_EQ(layout->utf8_bytes, 3);
}

TEST(TokenFile, PreparedFileSaysEverything) {
  PreparedFile file{{5, 300, 0, 7, 0}, {{0, 0}, {3, 11}}, 16, 301, 1, '\xab'};
  const auto bytes = file.Bytes();
  const auto layout = Read(bytes);
  EXPECT_THAT(All(layout), ElementsAre(5, 300, 0, 7, 0));
  EXPECT_EQ(layout->format, DataFormat::kTokens);
  EXPECT_EQ(layout->vocab_size, 301);
  EXPECT_EQ(layout->end_of_text, 0);
  EXPECT_EQ(layout->utf8_bytes, 16);
  EXPECT_EQ(layout->documents.size(), 2);
  EXPECT_EQ(layout->documents.Token(1), 3);
  EXPECT_EQ(layout->documents.Byte(1), 11);
  EXPECT_EQ(layout->tokenizer.substr(0, 6), "ababab");
  EXPECT_EQ(layout->tokenizer.size(), 64U);
}

TEST(TokenFile, AnyDamageOfAPreparedFileIsFound) {
  const std::string whole = SomeDocuments(3).Bytes();
  ASSERT_TRUE(Read(whole).has_value());
  // Behind the magic and the version, every bit counts, padding too.
  for (size_t at = 8; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_THAT(Refusal(Read(damaged)), HasSubstr("damaged")) << at;
  }
  for (const size_t size : {8UL, 127UL, 128UL, 200UL, whole.size() - 1})
    EXPECT_THAT(Refusal(Read(whole.substr(0, size))), HasSubstr("cut off")) << size;
  EXPECT_THAT(Refusal(Read(whole + "x")), HasSubstr("too long"));
}

// What optctl says of epochs before anything is read whole.
TEST(TokenFile, TheHeadAndTheTableTellTheSequencesOfAnEpoch) {
  spec::TrainingSpec spec;
  spec.data.sequence_length = 10;
  const std::string text(101, 'a');
  EXPECT_EQ(data::CountTrainingSequences(AsBytes(text), spec).value(), 8)
      << "90 tokens and their last target";
  spec.data.validation_path = "other.txt";
  EXPECT_EQ(data::CountTrainingSequences(AsBytes(text), spec).value(), 10);
  spec.data.validation_path.clear();

  PreparedFile file;
  file.tokens.assign(100, 7);
  file.documents = {{0, 0}, {50, 80}, {81, 120}};
  file.utf8_bytes = 200;
  std::string bytes = file.Bytes();
  EXPECT_EQ(data::CountTrainingSequences(AsBytes(bytes), spec).value(), 8) << "up to the last document";
  bytes[130] ^= 1;  // a token
  EXPECT_EQ(data::CountTrainingSequences(AsBytes(bytes), spec).value(), 8);
  EXPECT_FALSE(Read(bytes).has_value());
  bytes.pop_back();
  EXPECT_FALSE(data::CountTrainingSequences(AsBytes(bytes), spec).has_value());
}

TEST(TokenFile, AnotherVersionIsNamed) {
  PreparedFile file = SomeDocuments(2);
  file.version = 2;
  EXPECT_THAT(Refusal(Read(file.Bytes())), HasSubstr("version 2, this program reads version 1"));
}

// The checksums are true of it, so this would be our own mistake.
TEST(TokenFile, DocumentsMustFollowEachOther) {
  PreparedFile file = SomeDocuments(3);
  std::swap(file.documents[1], file.documents[2]);
  EXPECT_THAT(Refusal(Read(file.Bytes())), HasSubstr("damaged"));
}

TEST(TokenFile, ReadsLlmCInBothWidths) {
  EXPECT_THAT(All(Read(LlmCFile(20240520, 1, {50256, 3, 65535}))), ElementsAre(50256, 3, 65535));
  EXPECT_THAT(All(Read(LlmCFile(20240801, 7, {128000, 3}))), ElementsAre(128000, 3));
}

TEST(TokenFile, RefusesWrongLlmCFiles) {
  const std::string whole = LlmCFile(20240520, 1, {1, 2, 3});
  EXPECT_THAT(Refusal(Read(LlmCFile(20240520, 2, {1}))), HasSubstr("version 2"));
  EXPECT_THAT(Refusal(Read(whole.substr(0, whole.size() - 1))), HasSubstr("cut off"));
  EXPECT_THAT(Refusal(Read(whole.substr(0, 700))), HasSubstr("cut off"));
  EXPECT_THAT(Refusal(Read(whole + "xx")), HasSubstr("too long"));
  EXPECT_THAT(Refusal(Read("some text", DataFormat::kLlmC)), HasSubstr("magic number"));
}

TEST(TokenFile, ReadsNpyWithAndWithoutAHeader) {
  const std::string numbers = Numbers16({1, 65535, 3, 4});
  EXPECT_THAT(All(Read(NpyFile("'<u2'", "(4,)", numbers))), ElementsAre(1, 65535, 3, 4));
  EXPECT_THAT(All(Read(NpyFile("'<u2'", "(2, 2)", numbers))), ElementsAre(1, 65535, 3, 4));
  EXPECT_THAT(All(Read(NpyFile("'<u4'", "(2,)", numbers))), ElementsAre(1 + 65535 * 65536LL, 3 + 4 * 65536));
  EXPECT_THAT(All(Read(NpyFile("'|u1'", "(8,)", numbers))), ElementsAre(1, 0, 255, 255, 3, 0, 4, 0));
  EXPECT_THAT(All(Read(numbers, DataFormat::kNpy)), ElementsAre(1, 65535, 3, 4));
  EXPECT_THAT(All(Read(numbers, DataFormat::kNanoGpt, 4)), ElementsAre(1 + 65535 * 65536LL, 3 + 4 * 65536));
}

TEST(TokenFile, RefusesWrongNpyFiles) {
  const std::string numbers = Numbers16({1, 2, 3, 4});
  EXPECT_THAT(Refusal(Read(NpyFile("'<f4'", "(2,)", numbers))), HasSubstr("type '<f4'"));
  EXPECT_THAT(Refusal(Read(NpyFile("'>u2'", "(4,)", numbers))), HasSubstr("type '>u2'"));
  EXPECT_THAT(Refusal(Read(NpyFile("'<u2'", "(5,)", numbers))), HasSubstr("cut off"));
  EXPECT_THAT(Refusal(Read(NpyFile("'<u2'", "()", numbers))), HasSubstr("shape"));
  EXPECT_THAT(Refusal(Read(NpyFile("'<u2'", "(4,)", numbers).substr(0, 60))), HasSubstr("cut off"));
  EXPECT_THAT(Refusal(Read("\x93NUMPY\x09.....")), HasSubstr("version 9"));
}

TEST(TokenFile, BareNumbersAreNotTakenForText) {
  const std::string numbers = Numbers16({1, 2, 3});
  EXPECT_THAT(Refusal(Read(numbers, DataFormat::kAuto, 2, "train.bin")), HasSubstr("data.format"));
  EXPECT_THAT(All(Read("plain text", DataFormat::kAuto, 2, "train.bin")), testing::SizeIs(10));
  EXPECT_THAT(All(Read(numbers, DataFormat::kText, 2, "train.bin")), testing::SizeIs(6));
  EXPECT_THAT(Refusal(Read(numbers + "x", DataFormat::kNanoGpt)), HasSubstr("7 bytes"));
}

class DataSetTest : public testing::Test {
 protected:
  std::string Problem() {
    const auto data = DataSet::Open(spec_);
    return data.has_value() ? "opened without complaint" : data.error().message();
  }

  TemporaryFolder folder_;
  spec::TrainingSpec spec_ = SmallSpec(folder_);
};

TEST_F(DataSetTest, AShareOfTextIsCutAtTheByte) {
  const auto data = DataSet::Open(spec_);
  ASSERT_TRUE(data.has_value()) << data.error().message();
  const auto size = static_cast<int64_t>(SomeText().size());
  const auto border = static_cast<int64_t>(0.9 * static_cast<double>(size));
  EXPECT_EQ((*data)->train().tokens.size(), border);
  EXPECT_EQ((*data)->validation().utf8_bytes, size - border);
  EXPECT_EQ((*data)->fingerprint().crc32c, Crc32c(SomeText()));
  EXPECT_EQ((*data)->fingerprint().size, size);
}

// 90 % of 70 tokens is in the midst of the seventh document.
TEST_F(DataSetTest, AShareOfDocumentsDividesNone) {
  spec_.data.path = folder_.Write("a.tokens", SomeDocuments(7).Bytes());
  const auto data = DataSet::Open(spec_);
  ASSERT_TRUE(data.has_value()) << data.error().message();
  EXPECT_EQ((*data)->train().tokens.size(), 60);
  EXPECT_EQ((*data)->train().utf8_bytes, 150);
  EXPECT_EQ((*data)->validation().tokens.size(), 10);
  EXPECT_EQ((*data)->validation().utf8_bytes, 25);
}

TEST_F(DataSetTest, AValidationFileLeavesTheOtherWhole) {
  spec_.data.path = folder_.Write("a.tokens", SomeDocuments(7).Bytes());
  spec_.data.validation_path = folder_.Write("b.tokens", SomeDocuments(2).Bytes());
  const auto data = DataSet::Open(spec_);
  ASSERT_TRUE(data.has_value()) << data.error().message();
  EXPECT_EQ((*data)->train().tokens.size(), 70);
  EXPECT_EQ((*data)->validation().tokens.size(), 20);
  EXPECT_EQ((*data)->validation().utf8_bytes, 50);
  const DataFingerprint before = (*data)->fingerprint();
  spec_.data.validation_path = folder_.Write("c.tokens", SomeDocuments(3).Bytes());
  EXPECT_FALSE((*DataSet::Open(spec_))->fingerprint() == before);
}

TEST_F(DataSetTest, SaysWhichFileIsWrong) {
  spec_.data.validation_path = folder_ / "absent";
  EXPECT_THAT(Problem(), HasSubstr("data.validation_path: " + folder_ / "absent"));
  PreparedFile other = SomeDocuments(3);
  spec_.data.path = folder_.Write("a.tokens", other.Bytes());
  other.tokenizer = 'x';
  spec_.data.validation_path = folder_.Write("b.tokens", other.Bytes());
  EXPECT_THAT(Problem(), HasSubstr("another tokenizer"));
  spec_.data.path = folder_.Write("text", "words and words");
  EXPECT_THAT(Problem(), HasSubstr("another tokenizer"));
}

TEST_F(DataSetTest, TokensBeyondTheVocabularyAreRefused) {
  PreparedFile file = SomeDocuments(3);
  file.vocab_size = 5000;
  spec_.data.path = folder_.Write("a.tokens", file.Bytes());
  EXPECT_THAT(Problem(), HasSubstr("vocabulary of 5000 tokens, but model.vocab_size is 256"));
  spec_.data.path = folder_.Write("b.bin", Numbers16({1, 300, 2}));
  spec_.data.format = DataFormat::kNanoGpt;
  EXPECT_THAT(Problem(), HasSubstr("token 300, but model.vocab_size is 256; use at least 301"));
}

}  // namespace
}  // namespace optfleet::trainer
