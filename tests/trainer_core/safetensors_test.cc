#include "trainer_core/checkpoint/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace optfleet::trainer {
namespace {

std::string File(const std::string& header, size_t data_bytes) {
  const uint64_t size = header.size();
  std::string file(sizeof size, '\0');
  std::memcpy(file.data(), &size, sizeof size);
  return file + header + std::string(data_bytes, 'x');
}

TEST(Safetensors, ReadsWhatItWrites) {
  std::vector<StoredTensor> tensors{{"a", "F32", {2, 3}}, {"b", "U8", {5}}, {"scalar", "I64", {}}};
  std::string file = EncodeHeader(&tensors);
  EXPECT_EQ(file.size() % 8, 0u);
  file += std::string(24 + 5 + 8, '\0');

  const auto decoded = DecodeHeader(file);

  ASSERT_TRUE(decoded.has_value()) << decoded.error().message();
  ASSERT_EQ(decoded->tensors.size(), 3u);
  EXPECT_EQ(decoded->tensors[0].name, "a");
  EXPECT_EQ(decoded->tensors[0].shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(decoded->tensors[1].begin, 24);
  EXPECT_EQ(decoded->tensors[2].end, 37);
}

// The example of the format's own description.
TEST(Safetensors, ReadsForeignFiles) {
  const auto decoded = DecodeHeader(File(
      R"({"__metadata__":{"format":"pt"},"t":{"dtype":"BF16","shape":[1,16],"data_offsets":[0,32]}})", 32));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->tensors.front().type, "BF16");
}

TEST(Safetensors, RefusesEveryKindOfDamage) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "ends inside its header"},
      {std::string(8, '\xff'), "length is impossible"},
      {File("no json", 0), "not JSON"},
      {File(R"({"t":{"dtype":"F32","shape":[2]}})", 8), "data_offsets"},
      {File(R"({"t":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})", 8), "unknown type F99"},
      {File(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,7]}})", 7), "does not fit its shape"},
      {File(R"({"t":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8), "does not fit its shape"},
      {File(R"({"t":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]}})", 8),
       "does not fit"},
      {File(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12), "gap or an overlap"},
      {File(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 9), "file's size"},
      {File(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7), "file's size"},
      {File(
           R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
           3),
       "gap or an overlap"}};
  for (const auto& [file, message] : cases) {
    const auto decoded = DecodeHeader(file);
    ASSERT_FALSE(decoded.has_value()) << message;
    EXPECT_EQ(decoded.error().code(), Code::kDataLoss);
    EXPECT_THAT(decoded.error().message(), testing::HasSubstr(message));
  }
}

TEST(Safetensors, NoCutOffFileIsAccepted) {
  std::vector<StoredTensor> tensors{{"a", "F32", {4}}, {"b", "F32", {4}}};
  const std::string file = EncodeHeader(&tensors) + std::string(32, 'x');
  ASSERT_TRUE(DecodeHeader(file).has_value());
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_FALSE(DecodeHeader(std::string_view(file).substr(0, length)).has_value()) << length;
  }
}

}  // namespace
}  // namespace optfleet::trainer
