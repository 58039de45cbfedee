#include "spec/key_groups.h"

#include <gtest/gtest.h>

#include "spec/fields.h"
#include "spec/presets.h"
#include "tests/spec/some_value.h"

namespace optfleet::spec {
namespace {

TEST(KeyGroups, HoldEveryKeyOnceInOrder) {
  size_t next = 0;
  ASSERT_EQ(KeyGroups().size(), Groups().size());
  for (size_t i = 0; i < Groups().size(); ++i) {
    const KeyGroup& group = KeyGroups()[i];
    EXPECT_EQ(group.name, Groups()[i]);
    EXPECT_EQ(group.begin, next);
    for (; next < group.end; ++next) EXPECT_EQ(Fields()[next].group(), group.name) << Fields()[next].key;
  }
  EXPECT_EQ(next, Fields().size());
}

TEST(KeyGroups, TellSpecsApartByTheirOwnKeysOnly) {
  std::mt19937 random(1);
  const TrainingSpec before;
  for (const Field& field : Fields()) {
    if (field.key == kPresetKey) continue;  // sets other keys, too
    TrainingSpec spec;
    for (int i = 0; i < 100 && spec == before; ++i) field.set(spec, SomeValue(field, &random));
    ASSERT_FALSE(spec == before) << field.key;
    TrainingSpec copy;
    for (const KeyGroup& group : KeyGroups()) {
      EXPECT_EQ(group.same(spec, before), group.name != field.group()) << field.key << " and " << group.name;
      if (group.name == field.group()) group.copy(spec, &copy);
    }
    EXPECT_EQ(copy, spec) << field.key;
  }
}

}  // namespace
}  // namespace optfleet::spec
