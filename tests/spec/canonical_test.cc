#include "spec/canonical.h"

#include <gtest/gtest.h>

#include <random>

#include "spec/fields.h"
#include "spec/resolve.h"

namespace optfleet::spec {
namespace {

// Some value that the field may have, not always another one than before.
Value SomeValue(const Field& field, std::mt19937* random) {
  const auto pick = static_cast<int64_t>((*random)() % 3) + 1;
  switch (field.type) {
    case FieldType::kInteger:
      return pick;
    case FieldType::kNumber:
      return static_cast<double>(pick) / 8;
    case FieldType::kBoolean:
      return pick == 1;
    case FieldType::kLength:
      return Length{static_cast<double>(pick), pick == 1 ? LengthUnit::kSteps : LengthUnit::kTokens};
    case FieldType::kOwnNumber:
      return pick == 1 ? Value(std::string(kInherit)) : Value(static_cast<double>(pick));
    case FieldType::kOwnInteger:
      return pick == 1 ? Value(std::string(kInherit)) : Value(pick);
    case FieldType::kText:
      return pick == 1 ? std::string("a \"quoted\" text") : std::string("plain");
    case FieldType::kChoice:
      break;
  }
  return std::string(field.choices[static_cast<size_t>(pick) % field.choices.size()]);
}

TEST(CanonicalWriter, WritesEachSpecAsIfItWereTheFirst) {
  std::mt19937 random(1);
  CanonicalWriter writer;
  TrainingSpec spec;
  for (int i = 0; i < 2000; ++i) {
    const auto fields = Fields();
    for (int change = 0; change < 3; ++change) {
      const Field& field = fields[random() % fields.size()];
      field.set(spec, SomeValue(field, &random));
    }
    if (i % 100 == 99) spec = TrainingSpec();
    if (i % 2 == 0) {
      ASSERT_EQ(writer.TextOf(spec), CanonicalText(spec)) << i;
    }
    ASSERT_EQ(writer.HashedTextOf(spec), HashedText(spec)) << i;
  }
}

TEST(Fields, SameIsWhatTheValuesSay) {
  std::mt19937 random(2);
  for (const Field& field : Fields()) {
    if (field.same == nullptr) continue;
    for (int i = 0; i < 20; ++i) {
      TrainingSpec a;
      TrainingSpec b;
      field.set(a, SomeValue(field, &random));
      field.set(b, SomeValue(field, &random));
      EXPECT_EQ(field.same(a, b), field.get(a) == field.get(b)) << field.key;
    }
  }
}

}  // namespace
}  // namespace optfleet::spec
