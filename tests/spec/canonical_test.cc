#include "spec/canonical.h"

#include <gtest/gtest.h>

#include <random>

#include "common/sha256.h"
#include "spec/fields.h"
#include "spec/presets.h"
#include "tests/spec/resolving.h"
#include "tests/spec/some_value.h"

namespace optfleet::spec {
namespace {

TrainingSpec Resolved(TrainingSpec spec) {
  EXPECT_TRUE(Resolve(&spec).empty());
  return spec;
}

std::string HashOf(const TrainingSpec& spec) { return Hash(Resolved(spec)); }

TEST(SpecHash, CanonicalTextIsFixed) {
  const std::string text = CanonicalText(Resolved(Small()));
  EXPECT_TRUE(text.starts_with(
      R"({"model":{"preset":"none","block_parameters":0,"from_flops":0,"layers":4,"width":128,"head_width":0,)"))
      << text;
  EXPECT_TRUE(text.ends_with(R"("flops":false,"parameters_every_steps":0}})")) << text;
  EXPECT_EQ(text.find(' '), std::string::npos);
}

// The text below is a promise: if it changes, every job of every database is another job.
TEST(SpecHash, CoversWhatDiffersFromTheDefaults) {
  EXPECT_EQ(HashedText(Resolved(Small())),
            R"({"model":{"mlp_width":512,"context":128},"data":{"path":"text.txt"},)"
            R"("training":{"micro_batch":16},"budget":{"steps":100,"tokens":204800}})");
  EXPECT_EQ(HashOf(Small()), Sha256Hex(HashedText(Resolved(Small()))));
}

TEST(SpecHash, EqualComputationsHaveOneHash) {
  TrainingSpec tokens = Small();
  tokens.budget = {0, 100 * 16 * 128 - 5};  // rounded up to 100 steps
  EXPECT_EQ(HashOf(tokens), HashOf(Small()));

  TrainingSpec written_out = Small();
  written_out.model.mlp_width = 512;
  written_out.model.context = 128;
  written_out.training.micro_batch = 16;
  EXPECT_EQ(HashOf(written_out), HashOf(Small()));

  TrainingSpec unused = Small();
  unused.optimizer.momentum = 0.5;
  unused.optimizer.dampening = 0.1;
  EXPECT_EQ(HashOf(unused), HashOf(Small()));

  TrainingSpec checkpoints = Small();
  checkpoints.checkpoint = {10, 5};
  EXPECT_EQ(HashOf(checkpoints), HashOf(Small()));
}

TEST(SpecHash, EveryOtherKeyThatARunReadsChangesIt) {
  for (const Field& field : Fields()) {
    TrainingSpec spec = Resolved(Small());
    if (field.group() == kGroupOutsideHash || !IsUsed(field, spec)) continue;
    const Value old = field.get(spec);
    Value value = old;
    if (field.type == FieldType::kOwnNumber) value = 0.25;
    if (field.type == FieldType::kOwnInteger) value = int64_t{3};
    if (auto* integer = std::get_if<int64_t>(&value))
      *integer = field.key == "model.heads" ? 8 : *integer + 1;
    if (auto* number = std::get_if<double>(&value)) *number = *number / 2 + 0.001;
    if (auto* boolean = std::get_if<bool>(&value)) *boolean = !*boolean;
    if (auto* length = std::get_if<Length>(&value)) length->amount += 1;
    if (auto* text = std::get_if<std::string>(&value))
      *text =
          field.type == FieldType::kText
              ? "other"
              : std::string(field.choices.front() == *text ? field.choices.back() : field.choices.front());
    field.set(spec, value);
    EXPECT_NE(Hash(spec), HashOf(Small())) << field.key;
  }
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

TEST(CanonicalWriter, WritesWhatChangedAsIfItWereTheFirst) {
  std::mt19937 random(3);
  CanonicalWriter writer;
  TrainingSpec spec;
  (void)writer.HashedTextOf(spec);
  for (int i = 0; i < 2000; ++i) {
    std::vector<const Field*> changed;
    for (int change = 0; change < 3; ++change) {
      changed.push_back(&Fields()[random() % Fields().size()]);
      // A preset changes other keys, too.
      if (changed.back()->key == kPresetKey) changed.pop_back();
    }
    for (const Field* field : changed) field->set(spec, SomeValue(*field, &random));
    ASSERT_EQ(writer.HashedTextOf(spec, changed), HashedText(spec)) << i;
    if (i % 10 == 0) {
      ASSERT_EQ(writer.HashedTextOf(spec), HashedText(spec)) << i;
    }
  }
}

TEST(Fields, SameIsWhatTheValuesSay) {
  std::mt19937 random(2);
  for (const Field& field : Fields()) {
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
