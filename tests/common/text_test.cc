#include "common/text.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace optfleet {
namespace {

TEST(EditDistance, CountsEdits) {
  EXPECT_EQ(EditDistance("", "abc"), 3U);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3U);
  EXPECT_EQ(EditDistance("lerning_rate", "learning_rate"), 1U);
  EXPECT_EQ(EditDistance("wdith", "width"), 1U);  // neighbours swapped
  EXPECT_EQ(EditDistance("same", "same"), 0U);
}

TEST(EditDistance, IsSymmetricAndBounded) {
  EXPECT_EQ(EditDistance("optimizer", "optimiser"), EditDistance("optimiser", "optimizer"));
  EXPECT_EQ(EditDistance(std::string(100'000, 'a'), std::string(100'000, 'b')), 64U);
}

// The shortcuts that NearestName takes change nothing.
TEST(NearestName, IsThatOfTheFewestEdits) {
  std::mt19937 random(3);
  const auto word = [&] {
    std::string text(random() % 9, ' ');
    for (char& c : text) c = static_cast<char>('a' + random() % 4);
    return text;
  };
  int found = 0;
  for (int round = 0; round < 10000; ++round) {
    std::vector<std::string> words(1 + random() % 5);
    for (std::string& one : words) one = word();
    const std::string name = word();
    std::optional<std::string_view> best;
    size_t fewest = 100;
    for (const std::string& one : words) {
      const size_t edits = EditDistance(name, one);
      const size_t allowed = std::max<size_t>(1, std::max(name.size(), one.size()) / 3);
      if (edits > allowed || edits >= one.size() || edits >= fewest) continue;
      best = one;
      fewest = edits;
    }
    const std::vector<std::string_view> candidates(words.begin(), words.end());
    ASSERT_EQ(NearestName(name, candidates), best) << name << " among " << words.size();
    found += best ? 1 : 0;
  }
  EXPECT_GT(found, 500);
}

TEST(NearestName, FindsTheLikelyOne) {
  constexpr std::array<std::string_view, 4> kNames{"width", "layers", "heads", "mlp_width"};
  EXPECT_EQ(NearestName("witdh", kNames), "width");
  EXPECT_EQ(NearestName("layer", kNames), "layers");
  EXPECT_EQ(NearestName("mlpwidth", kNames), "mlp_width");
  EXPECT_EQ(NearestName("colour", kNames), std::nullopt);
  EXPECT_EQ(NearestName("", kNames), std::nullopt);
}

TEST(NearestName, ShortNamesAreNotNearEverything) {
  constexpr std::array<std::string_view, 2> kNames{"a", "sgd"};
  EXPECT_EQ(NearestName("z", kNames), std::nullopt);
  EXPECT_EQ(NearestName("sdg", kNames), "sgd");
}

TEST(Format, NumbersReadBackTheSame) {
  EXPECT_EQ(FormatNumber(0.001), "0.001");
  EXPECT_EQ(FormatNumber(1e-5), "1e-05");
  EXPECT_EQ(FormatNumber(3), "3");
  EXPECT_EQ(FormatNumber(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(FormatNumber(std::nan("")), "NaN");
  EXPECT_EQ(FormatNumber(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(FormatSignificant(2.01349, 4), "2.013");
  EXPECT_EQ(FormatSignificant(0.0003, 2), "0.0003");
}

TEST(Format, Counts) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1234), "1,234");
  EXPECT_EQ(FormatCount(-1234567), "-1,234,567");
  EXPECT_EQ(FormatCount(-123), "-123");
}

TEST(Format, Bytes) {
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(int64_t{4} << 30), "4.0 GiB");
  EXPECT_EQ(FormatBytes((1 << 20) - 1), "1.0 MiB");  // never "1024.0 KiB"
  EXPECT_EQ(FormatBytes(INT64_MAX), "8.0 EiB");
}

TEST(Format, Durations) {
  EXPECT_EQ(FormatClock(171.4), "2:51");
  EXPECT_EQ(FormatClock(3723), "1:02:03");
  EXPECT_EQ(FormatClock(59.6), "1:00");
  EXPECT_EQ(FormatClock(-5), "0:00");
  EXPECT_EQ(FormatAbout(12.1), "13 s");
  EXPECT_EQ(FormatAbout(171), "3 min");
  EXPECT_EQ(FormatAbout(9000), "2.5 h");
  EXPECT_EQ(FormatAbout(4 * 86400), "4 days");
  EXPECT_EQ(FormatAbout(std::nan("")), "-");
}

TEST(Width, OfTheWorldsText) {
  EXPECT_EQ(DisplayWidth("loss"), 4U);
  EXPECT_EQ(DisplayWidth("gr\xC3\xB6\xC3\x9F"
                         "e"),
            5U);                                            // größe
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1U);                 // e and a combining accent
  EXPECT_EQ(DisplayWidth("\xE5\xAD\xA6\xE4\xB9\xA0"), 4U);  // two Chinese characters
  EXPECT_EQ(DisplayWidth("\xFF\xFE"), 2U);                  // not UTF-8
}

TEST(Width, TruncationNeverCutsACharacter) {
  EXPECT_EQ(WrapWords("the best of  every 3", 8), "the best\nof every\n3");
  EXPECT_EQ(WrapWords("a very-long-word it is", 6), "a\nvery-long-word\nit is");
  EXPECT_EQ(WrapWords(" ", 6), "");
  EXPECT_EQ(TruncateToWidth("learning", 8), "learning");
  EXPECT_EQ(TruncateToWidth("learning", 5), "lear\xE2\x80\xA6");
  EXPECT_EQ(TruncateToWidth("\xE5\xAD\xA6\xE4\xB9\xA0", 3), "\xE5\xAD\xA6\xE2\x80\xA6");
  EXPECT_EQ(TruncateToWidth("\xE5\xAD\xA6\xE4\xB9\xA0", 2), "\xE2\x80\xA6");
  EXPECT_EQ(TruncateToWidth("x", 0), "");
}

TEST(Width, PaddingCountsColumns) {
  EXPECT_EQ(PadRight("\xC3\xB6", 3), "\xC3\xB6  ");
  EXPECT_EQ(PadLeft("12", 4), "  12");
  EXPECT_EQ(PadLeft("12345", 4), "12345");
}

TEST(Utf8, MalformedBytesAreOneCharacterEach) {
  EXPECT_EQ(DecodeUtf8("\xC0\xAF", 0).bytes, 1U);           // overlong
  EXPECT_EQ(DecodeUtf8("\xED\xA0\x80", 0).value, 0xFFFDU);  // surrogate
  EXPECT_EQ(DecodeUtf8("\xE2\x82", 0).bytes, 1U);           // cut off
  EXPECT_EQ(DecodeUtf8("\xF0\x9F\x98\x80", 0).value, 0x1F600U);
}

}  // namespace
}  // namespace optfleet
