#include "trainer_core/eval/tasks/text_rules.h"

#include <gtest/gtest.h>

namespace optfleet::trainer {
namespace {

// len(re.split(r"\s+", text)) of Python.
TEST(TextRules, WordsAreWhatPythonSplitsAtWhiteSpace) {
  EXPECT_EQ(CountWords("one two  three\n\tfour"), 4);
  EXPECT_EQ(CountWords(" one two "), 4);  // empty pieces at both ends count
  EXPECT_EQ(CountWords(""), 1);
  EXPECT_EQ(CountWords("a\u00a0b\u2003c\u3000d\u2028e"), 5);
  EXPECT_EQ(CountWords("a\u200bb\u00b0c"), 1);  // no white space: zero width space, degrees
}

TEST(TextRules, CharactersAreCodePoints) { EXPECT_EQ(CountCharacters("na\u00efve \u20ac \U0001f600"), 9); }

TEST(TextRules, SpaceAtTheEndIsCountedInBytes) {
  EXPECT_EQ(TrailingSpace("word"), 0u);
  EXPECT_EQ(TrailingSpace("word \n"), 2u);
  EXPECT_EQ(TrailingSpace("word\u00a0\u2003 "), 6u);
  EXPECT_EQ(TrailingSpace("\xa0"), 0u);  // half of a character
  EXPECT_EQ(Strip("\u3000 two words\n"), "two words");
}

// Expected texts are those that the harness's own function gives; the parity test compares whole files with
// it.
TEST(TextRules, WikiTextAsPeopleWriteIt) {
  EXPECT_EQ(DetokenizeWikiText(" = = Early life = = \n"), " == Early life ==\n");
  EXPECT_EQ(DetokenizeWikiText("1 @,@ 000 @.@ 5 well @-@ known ( or [ so ] ) , he said : \" yes \" ."),
            "1,000.5 well-known (or [so]), he said: \"yes\" .");
  EXPECT_EQ(DetokenizeWikiText("the boys ' dog 's bone ; 20 \u00b0 C"), "the boys'dog's bone; 20\u00b0C");
  EXPECT_EQ(DetokenizeWikiText("a /' 5/ b"), "a /'[0-9]/ b");
  EXPECT_EQ(DetokenizeWikiText("no ( end"), "no ( end");
  EXPECT_EQ(DetokenizeWikiText("( \u00a0 )"), "()");
}

}  // namespace
}  // namespace optfleet::trainer
