#include "coordinator/store/spec_delta.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::store {
namespace {

using testing::Eq;
using testing::Optional;

std::optional<std::string> SpecDelta(std::string_view base, std::string_view text) {
  return SpecBase(base).DeltaOf(text);
}

constexpr const char* kBase =
    R"({"model":{"layers":2,"norm":"rms"},"optimizer":{"name":"adamw","learning_rate":1e-05},"training":{"seed":0}})";

std::optional<std::string> ApplySpecDelta(std::string_view base, std::string_view delta) {
  return SpecBase(base).Apply(delta);
}

TEST(SpecDelta, HoldsOnlyWhatDiffers) {
  const std::string text =
      R"({"model":{"layers":2,"norm":"rms"},"optimizer":{"name":"adamw","learning_rate":0.003},"training":{"seed":17}})";
  const auto delta = SpecDelta(kBase, text);
  EXPECT_THAT(delta, Optional(Eq(R"({"optimizer":{"learning_rate":0.003},"training":{"seed":17}})")));
  EXPECT_THAT(ApplySpecDelta(kBase, *delta), Optional(Eq(text)));
}

TEST(SpecDelta, TwoKeysOfOneGroupAndTheSameText) {
  const std::string text =
      R"({"model":{"layers":4,"norm":"a \"quoted\" }, name"},"optimizer":{"name":"adamw","learning_rate":1e-05},"training":{"seed":0}})";
  const auto delta = SpecDelta(kBase, text);
  EXPECT_THAT(delta, Optional(Eq(R"({"model":{"layers":4,"norm":"a \"quoted\" }, name"}})")));
  EXPECT_THAT(ApplySpecDelta(kBase, *delta), Optional(Eq(text)));
  EXPECT_THAT(SpecDelta(kBase, kBase), Optional(Eq("{}")));
  EXPECT_THAT(ApplySpecDelta(kBase, "{}"), Optional(Eq(kBase)));
}

TEST(SpecDelta, OtherKeysOrAnotherFormHaveNone) {
  for (
      const char* text :
      {R"({"model":{"layers":2},"optimizer":{"name":"adamw","learning_rate":1e-05},"training":{"seed":0}})",
       R"({"model":{"norm":"rms","layers":2},"optimizer":{"name":"adamw","learning_rate":1e-05},"training":{"seed":0}})",
       R"({"model":{"layers":[2],"norm":"rms"},"optimizer":{"name":"adamw","learning_rate":1e-05},"training":{"seed":0}})",
       R"({"model":{"layers":2,"norm":"rms"},"optimizer":{"name":"adamw","learning_rate":1e-05},"training":{"seed":0}} )",
       R"({"model":{"layers":2,"norm":"rms"},"optimizer":{"name":"adamw","learning_rate":1e-05},"training":{"seed":0}}})",
       R"({"model":{"layers":2,"norm":"rms"},"optimizer":{"name":"adamw","learning_rate":1e-05},"training":{"seed":0})",
       R"({"model":{"layers":2,"norm":"rms)", "{}", "", "[]", "no spec"}) {
    EXPECT_FALSE(SpecDelta(kBase, text)) << text;
    EXPECT_FALSE(SpecDelta(text, kBase)) << text;
  }
}

TEST(SpecDelta, AValueThatBeginsAsTheOtherIsAnother) {
  for (const char* value : {"-1", "12", "1.5", R"("1")", "true"}) {
    const std::string text = R"({"a":{"b":)" + std::string(value) + R"(,"c":"x"}})";
    const auto delta = SpecDelta(R"({"a":{"b":1,"c":"x"}})", text);
    EXPECT_THAT(delta, Optional(Eq(R"({"a":{"b":)" + std::string(value) + "}}"))) << value;
    EXPECT_THAT(ApplySpecDelta(R"({"a":{"b":1,"c":"x"}})", *delta), Optional(Eq(text)));
    EXPECT_THAT(SpecDelta(text, R"({"a":{"b":1,"c":"x"}})"), Optional(Eq(R"({"a":{"b":1}})"))) << value;
  }
}

TEST(SpecDelta, ADeltaOfAnotherBaseIsRefused) {
  EXPECT_FALSE(ApplySpecDelta(kBase, R"({"model":{"width":4}})"));
  EXPECT_FALSE(ApplySpecDelta(kBase, R"({"training":{"seed":1},"model":{"layers":4}})"));
  EXPECT_FALSE(ApplySpecDelta(kBase, "{"));
  EXPECT_FALSE(ApplySpecDelta("no spec", "{}"));
}

}  // namespace
}  // namespace optfleet::store
