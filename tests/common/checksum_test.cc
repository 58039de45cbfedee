#include "common/checksum.h"

#include <gtest/gtest.h>

#include <string>

namespace optfleet {
namespace {

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(Crc32c(""), 0U);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);
  // RFC 3720 appendix B.4.
  EXPECT_EQ(Crc32c(std::string(32, '\x00')), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  EXPECT_EQ(Crc32c(rising), 0x46DD794EU);
}

// As Python's zlib.crc32 computes it.
TEST(Crc32, KnownValues) {
  const auto sum = [](std::string_view text, uint32_t previous = 0) {
    return Crc32(std::as_bytes(std::span(text.data(), text.size())), previous);
  };
  EXPECT_EQ(sum(""), 0U);
  EXPECT_EQ(sum("123456789"), 0xCBF43926U);
  EXPECT_EQ(sum("6789", sum("12345")), 0xCBF43926U);
  EXPECT_EQ(sum("The quick brown fox jumps over the lazy dog"), 0x414FA339U);
}

TEST(Crc32c, PiecesGiveTheSumOfTheWhole) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 31 + i / 7);
  const uint32_t whole = Crc32c(text);
  for (const size_t cut : {0, 1, 7, 8, 9, 500, 999, 1000})
    EXPECT_EQ(Crc32c(std::string_view(text).substr(cut), Crc32c(std::string_view(text).substr(0, cut))),
              whole)
        << cut;
}

TEST(Crc32c, SeesEveryFlippedBit) {
  std::string text = "records of one attempt";
  const uint32_t whole = Crc32c(text);
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(Crc32c(text), whole) << bit;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
  }
}

}  // namespace
}  // namespace optfleet
