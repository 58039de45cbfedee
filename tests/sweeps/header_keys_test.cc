// The table of header keys says what the readers take.
#include "sweeps/header_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MistakesOf;

TEST(HeaderKeys, AWrongValueIsToldWhatTheTableSays) {
  int checked = 0;
  for (const HeaderKey& key : HeaderKeyTable()) {
    if (key.key == "sweep" || key.key == "description") continue;  // a list of its own; any text
    const std::string wrong = key.key == "name" ? "''" : "'!'";
    const std::string mistakes = MistakesOf(std::string(key.key) + ": " + wrong + "\n");
    const std::string name(key.key.substr(key.key.rfind('.') + 1));
    EXPECT_THAT(mistakes, HasSubstr(name + "` must be " + std::string(key.takes))) << key.key;
    ++checked;
  }
  EXPECT_EQ(checked, 35);
}

TEST(HeaderKeys, EveryNameIsOfferedForOneThatIsNearlyIt) {
  for (const std::string_view name : HeaderNames())
    EXPECT_THAT(MistakesOf(std::string(name) + "s: 1\n"),
                HasSubstr("did you mean `" + std::string(name) + "`?"));
  EXPECT_THAT(HeaderNamesIn("keep_checkpoints"), ElementsAre("best_jobs", "best", "last"));
  EXPECT_THAT(MistakesOf("resources.colour: 1\n"),
              HasSubstr("it has slots, device, share, memory, host_memory and labels"));
}

}  // namespace
}  // namespace optfleet::sweeps
