#include "common/sha256.h"

#include <gtest/gtest.h>

#include <random>

#include "common/sha256_blocks.h"

namespace optfleet {
namespace {

// The examples of FIPS 180-4 (NIST "SHA_All" example values).
TEST(Sha256, ExamplesOfTheStandard) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(
      Sha256Hex(
          "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
          "mnopqrstnopqrstu"),
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Where the padding needs a second block.
TEST(Sha256, LengthsAroundABlock) {
  EXPECT_EQ(Sha256Hex(std::string(55, 'a')),
            "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
  EXPECT_EQ(Sha256Hex(std::string(56, 'a')),
            "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
  EXPECT_EQ(Sha256Hex(std::string(64, 'a')),
            "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

TEST(Sha256, InstructionsOfTheProcessorCountLikePlainCode) {
  const sha256::Compress by_instructions = sha256::CompressByInstructions();
  if (by_instructions == nullptr) GTEST_SKIP() << "this processor has none";
  std::mt19937 random(1);
  sha256::State plain{};
  for (uint32_t& word : plain) word = static_cast<uint32_t>(random());
  sha256::State other = plain;
  for (int i = 0; i < 1000; ++i) {
    std::array<unsigned char, sha256::kBlockBytes> block{};
    for (unsigned char& byte : block) byte = static_cast<unsigned char>(random());
    sha256::CompressPlainly(block.data(), &plain);
    by_instructions(block.data(), &other);
    ASSERT_EQ(plain, other) << i;
  }
}

// Neighbours begin alike for any number of bytes, and are of any length.
TEST(Sha256Row, EachDigestIsThatOfItsText) {
  std::mt19937 random(2);
  Sha256Row row;
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text.resize(random() % 300, 'a');
    if (!text.empty() && i % 3 != 0) text[random() % text.size()] = static_cast<char>('a' + random() % 26);
    ASSERT_EQ(ToHex(row.Next(text)), Sha256Hex(text)) << text;
  }
}

}  // namespace
}  // namespace optfleet
