// What spec/influence.h says of keys, held against specs made at random: whoever adds a rule, a use or a
// value that follows from such a key finds out here.
#include "spec/influence.h"

#include <gtest/gtest.h>

#include <random>

#include "spec/presets.h"
#include "spec/resolve.h"

namespace optfleet::spec {
namespace {

using Random = std::mt19937;

double Share(Random* random) { return static_cast<double>((*random)()) / 4294967296.0; }

// Ends of the range and what is typical come up often.
double SomeNumber(const Range& range, Random* random) {
  static constexpr std::array kTypical{0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 0.5, 0.1, 1e-3, 100.0, 500.0};
  const auto inside = [&](double value) {
    return (range.min_open ? value > range.min : value >= range.min) &&
           (range.max_open ? value < range.max : value <= range.max);
  };
  for (int i = 0; i < 4; ++i) {
    const double value = kTypical[(*random)() % kTypical.size()];
    if (inside(value)) return value;
  }
  const double between = range.min + (std::min(range.max, range.min + 1000) - range.min) * Share(random);
  return inside(between) ? between : (range.min + range.max) / 2;
}

Length SomeLength(Random* random) {
  switch ((*random)() % 4) {
    case 0:
      return {};
    case 1:
      return {static_cast<double>((*random)() % 400), LengthUnit::kSteps};
    case 2:
      return {static_cast<double>((*random)() % 40000), LengthUnit::kTokens};
    default:
      return Percent(static_cast<double>((*random)() % 101));
  }
}

Value SomeValue(const Field& field, Random* random) {
  switch (field.type) {
    case FieldType::kInteger:
      return static_cast<int64_t>(SomeNumber(field.range, random));
    case FieldType::kNumber:
      return SomeNumber(field.range, random);
    case FieldType::kBoolean:
      return (*random)() % 2 == 0;
    case FieldType::kChoice:
      return std::string(field.choices[(*random)() % field.choices.size()]);
    case FieldType::kLength:
      return SomeLength(random);
    case FieldType::kOwnInteger:
      if ((*random)() % 2 == 0) return std::string(kInherit);
      return static_cast<int64_t>(SomeNumber(field.range, random));
    case FieldType::kOwnNumber:
      if ((*random)() % 2 == 0) return std::string(kInherit);
      return SomeNumber(field.range, random);
    case FieldType::kText:
      break;
  }
  return std::string((*random)() % 2 == 0 ? "" : "spread");
}

Value SomeAllowed(const Field& field, Random* random) {
  for (int i = 0; i < 100; ++i)
    if (Value value = SomeValue(field, random); IsAllowed(field, value)) return value;
  return field.get(TrainingSpec{});
}

// Most are of runs that exist: a model by its preset or by default, one budget, a few keys changed.
TrainingSpec SomeSpec(Random* random) {
  TrainingSpec spec;
  const Field& preset = *FindField(kPresetKey);
  if ((*random)() % 3 == 0) preset.set(spec, SomeAllowed(preset, random));
  spec.data.path = "a file";
  if ((*random)() % 8 != 0) spec.budget.steps = 1 + static_cast<int64_t>((*random)() % 1000);
  const auto fields = Fields();
  for (size_t changes = (*random)() % 12; changes > 0; --changes) {
    const Field& field = fields[(*random)() % fields.size()];
    if (field.key != kPresetKey) field.set(spec, SomeAllowed(field, random));
  }
  for (const std::string_view key : {"optimizer.name", "schedule.name", "averaging.kind"})
    if (const Field& field = *FindField(key); (*random)() % 2 == 0)
      field.set(spec, SomeAllowed(field, random));
  return spec;
}

std::string Shown(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text.append(problem.rule).append(": ").append(problem.message).append("; ").append(problem.remedy);
    for (const auto key : problem.keys) text.append(" ").append(key);
    text += "\n";
  }
  return text;
}

// Of two specs that differ in a value of one key, and that in a way which is to matter to nothing else.
void ExpectAlike(const Field& field, const TrainingSpec& a, const TrainingSpec& b) {
  for (const Field& other : Fields())
    ASSERT_EQ(IsUsed(other, a), IsUsed(other, b))
        << field.key << " decides whether " << other.key << " is read";
  TrainingSpec first = a;
  TrainingSpec second = b;
  ASSERT_EQ(Shown(Resolve(&first)), Shown(Resolve(&second))) << field.key;
  if (IsUsed(field, first)) field.set(first, field.get(b));
  for (const Field& other : Fields())
    ASSERT_EQ(ToText(other.get(first)), ToText(other.get(second))) << field.key << " changes " << other.key;
}

TEST(Influence, NothingElseDependsOnAValueOfWhichThatIsSaid) {
  Random random(1);
  int resolved = 0;
  for (int round = 0; round < 1500; ++round) {
    const TrainingSpec base = SomeSpec(&random);
    TrainingSpec copy = base;
    resolved += Resolve(&copy).empty() ? 1 : 0;
    for (const Field& field : Fields()) {
      const Influence influence = InfluenceOf(field);
      if (influence == Influence::kAny) continue;
      TrainingSpec a = base;
      if (field.key == "training.seed") a.data.seed.reset();
      TrainingSpec b = a;
      field.set(a, SomeAllowed(field, &random));
      field.set(b, SomeAllowed(field, &random));
      if (influence == Influence::kZero && ClassOf(field.get(a)) != ClassOf(field.get(b))) continue;
      ExpectAlike(field, a, b);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(resolved, 300);
}

// If these failed to differ the test above would find nothing.
TEST(Influence, TheTestSeesWhatDepends) {
  Random random(2);
  const Field& field = *FindField("training.batch_size");
  EXPECT_EQ(InfluenceOf(field), Influence::kAny);
  bool differs = false;
  for (int round = 0; round < 100 && !differs; ++round) {
    TrainingSpec a = SomeSpec(&random);
    TrainingSpec b = a;
    field.set(b, SomeAllowed(field, &random));
    differs = Shown(Resolve(&a)) != Shown(Resolve(&b)) || a.budget != b.budget;
  }
  EXPECT_TRUE(differs);
}

TEST(Influence, OfTheKeysThatGridsVaryMost) {
  EXPECT_EQ(InfluenceOf(*FindField("optimizer.learning_rate")), Influence::kNone);
  EXPECT_EQ(InfluenceOf(*FindField("training.seed")), Influence::kNone);
  EXPECT_EQ(InfluenceOf(*FindField("optimizer.weight_decay")), Influence::kZero);
  EXPECT_EQ(ClassOf(Value(0.0)), ValueClass::kZero);
  EXPECT_EQ(ClassOf(Value(0.1)), ValueClass::kOther);
  EXPECT_EQ(ClassOf(Value(std::string(kInherit))), ValueClass::kInherits);
}

}  // namespace
}  // namespace optfleet::spec
