// Which runs read which key of `diagnostics`.
#include <gtest/gtest.h>

#include "spec/canonical.h"
#include "spec/fields.h"
#include "spec/json.h"
#include "spec/resolve.h"

namespace optfleet::spec {
namespace {

TrainingSpec Watched() {
  TrainingSpec spec;
  spec.data.path = "text.txt";
  spec.budget.steps = 100;
  spec.training.micro_batch = 4;
  spec.diagnostics.gradient_coherence = spec.diagnostics.noise_scale = true;
  spec.diagnostics.adam_moments = spec.diagnostics.lion_cosine = true;
  spec.diagnostics.every_steps = 7;
  return spec;
}

TEST(Diagnostics, RulesReadTheirOwnFigures) {
  TrainingSpec adam = Watched(), lion = Watched(), both = Watched(), muon = Watched();
  lion.optimizer.name = OptimizerKind::kLion;
  both.optimizer.groups[static_cast<size_t>(ParameterGroup::kMlp)].name = OptimizerKind::kLion;
  muon.optimizer.name = OptimizerKind::kMuon;  // with adamw beside it
  for (TrainingSpec* spec : {&adam, &lion, &both, &muon}) EXPECT_TRUE(Resolve(spec).empty());
  EXPECT_TRUE(adam.diagnostics.adam_moments && !adam.diagnostics.lion_cosine);
  EXPECT_TRUE(!lion.diagnostics.adam_moments && lion.diagnostics.lion_cosine);
  EXPECT_TRUE(both.diagnostics.adam_moments && both.diagnostics.lion_cosine);
  EXPECT_TRUE(muon.diagnostics.adam_moments && !muon.diagnostics.lion_cosine);
}

// In a sweep over microbatches the point without accumulation goes without; alone it is a mistake that says
// so.
TEST(Diagnostics, MicrobatchesAreComparedOnlyWhereThereAreSeveral) {
  TrainingSpec one = Watched();
  one.training.micro_batch = 0;
  EXPECT_TRUE(Resolve(&one).empty());
  EXPECT_FALSE(one.diagnostics.gradient_coherence);
  EXPECT_FALSE(one.diagnostics.noise_scale);
  TrainingSpec several = Watched();
  EXPECT_TRUE(Resolve(&several).empty());
  EXPECT_TRUE(several.diagnostics.gradient_coherence && several.diagnostics.noise_scale);
  const Field* field = FindField("diagnostics.gradient_coherence");
  EXPECT_FALSE(IsUsed(*field, one));
  EXPECT_NE(UnusedRemedy(*field).find("`training.micro_batch` below `training.batch_size`"),
            std::string::npos);
}

TEST(Diagnostics, WithoutAnyKindNoRunReadsHowOften) {
  TrainingSpec off = Watched();
  off.diagnostics = {};
  off.diagnostics.every_steps = 7;
  off.diagnostics.spike_window = 100;
  EXPECT_TRUE(Resolve(&off).empty());
  EXPECT_EQ(off.diagnostics, DiagnosticsSpec{});
}

TEST(Diagnostics, OffTheyAreNoPartOfTheHash) {
  TrainingSpec plain = Watched();
  plain.diagnostics = {};
  EXPECT_TRUE(Resolve(&plain).empty());
  TrainingSpec watched = plain;
  watched.diagnostics.gradient_norms = true;
  EXPECT_NE(Hash(watched), Hash(plain));
  EXPECT_EQ(FromJson(ToJson(watched)).value(), watched);
}

}  // namespace
}  // namespace optfleet::spec
