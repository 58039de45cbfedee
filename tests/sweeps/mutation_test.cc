// Broken files, by the thousand, from fixed seeds: each expands or is refused with diagnostics; none crashes,
// hangs or does both.
#include <gtest/gtest.h>

#include <random>

#include "sweeps/expand.h"
#include "tests/common/golden.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

constexpr int kMutants = 3000;

class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  std::string Mutate(std::string text) {
    const int changes = 1 + Below(4);
    for (int i = 0; i < changes; ++i) Change(&text);
    return text;
  }

 private:
  static constexpr std::string_view kPieces[] = {
      "[",        "]",        "{",         "}",    ":",    ": ",   "- ",    "\n",   "  ",
      "\t",       "'",        "\"",        "#",    "&a ",  "*a",   "!!x ",  "? ",   "| ",
      "> ",       "---\n",    "...\n",     "~",    "null", "true", "1e999", "-1",   "0",
      "${env:",   "${env:A}", "}",         "%TAG", "<<: ", ",",    "\r",    "\xC3", "\xEF\xBB\xBF",
      "sweep:\n", "[[[[",     "optimizer", "@",    "`"};

  int Below(size_t bound) { return static_cast<int>(random_() % bound); }

  void Change(std::string* text) {
    const auto at = static_cast<size_t>(Below(text->size() + 1));
    const auto length = std::min<size_t>(static_cast<size_t>(Below(12)), text->size() - at);
    switch (Below(5)) {
      case 0:
        text->insert(at, kPieces[Below(std::size(kPieces))]);
        break;
      case 1:
        text->erase(at, length);
        break;
      case 2:
        text->insert(at, text->substr(static_cast<size_t>(Below(text->size() + 1)), 30));
        break;
      case 3:
        text->replace(at, length, kPieces[Below(std::size(kPieces))]);
        break;
      default:
        if (at < text->size()) (*text)[at] = static_cast<char>(Below(256));
    }
  }

  std::mt19937 random_;
};

TEST(Mutation, EveryBrokenFileExpandsOrIsRefused) {
  const std::vector<std::string> seeds{
      testing::ReadFileOrFail(OPTFLEET_SOURCE_DIR "/sweeps/quickstart.yaml"),
      testing::kEnough + "sweep:\n- optimizer: {name: [sgd, adam], learning_rate: ['1', 2e-3]}\n- {}\n"};
  int expanded = 0;
  int refused = 0;
  for (uint32_t seed = 0; seed < kMutants; ++seed) {
    SCOPED_TRACE(seed);
    SweepInput input = testing::OneFile(Mutator(seed).Mutate(seeds[seed % seeds.size()]));
    if (seed % 7 == 0) input.overrides.push_back(Mutator(seed).Mutate("optimizer.learning_rate=[1e-3, 2]"));
    const auto result = ExpandSweep(input);
    EXPECT_EQ(result.expansion.has_value(), result.diagnostics.empty());
    EXPECT_EQ(result.diagnostics.Render().empty(), result.diagnostics.empty());
    ++(result.expansion ? expanded : refused);
  }
  EXPECT_GT(expanded, kMutants / 20);  // the mutations are not all of one kind
  EXPECT_GT(refused, kMutants / 3);
}

}  // namespace
}  // namespace optfleet::sweeps
