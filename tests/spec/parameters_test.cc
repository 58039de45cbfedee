#include "spec/parameters.h"

#include <gtest/gtest.h>

#include <set>

#include "spec/optimizer_state.h"

namespace optfleet::spec {
namespace {

ModelSpec Gpt2Xl() {
  ModelSpec model;
  model.layers = 48;
  model.width = 1600;
  model.heads = 25;
  model.mlp_width = 6400;
  model.vocab_size = 50257;
  model.context = 1024;
  return model;
}

int64_t SumOfList(const ModelSpec& model) {
  int64_t sum = 0;
  for (const Parameter& parameter : Parameters(model)) sum += parameter.count();
  return sum;
}

TEST(Parameters, Gpt2XlHasItsPublishedSize) { EXPECT_EQ(CountParameters(Gpt2Xl()), 1'557'611'200); }

TEST(Parameters, CountEqualsTheListInEveryVariant) {
  for (const bool tie : {true, false})
    for (const bool bias : {true, false})
      for (const int64_t mlp_width : {64, 100}) {
        ModelSpec model = Gpt2Xl();
        model.layers = 3;
        model.tie_output = tie;
        model.bias = bias;
        model.mlp_width = mlp_width;
        EXPECT_EQ(CountParameters(model), SumOfList(model)) << tie << bias << mlp_width;
      }
}

TEST(Parameters, NamesShapesAndOrder) {
  ModelSpec model;
  model.layers = 1;
  model.width = 8;
  model.mlp_width = 32;
  model.context = 16;
  model.tie_output = false;
  std::string list;
  for (const Parameter& parameter : Parameters(model)) {
    list += parameter.name + " [";
    for (size_t i = 0; i < parameter.shape.size(); ++i)
      list += (i > 0 ? "," : "") + std::to_string(parameter.shape[i]);
    list += "]\n";
  }
  EXPECT_EQ(list,
            "token_embedding.weight [256,8]\n"
            "position_embedding.weight [16,8]\n"
            "blocks.0.norm1.weight [8]\n"
            "blocks.0.norm1.bias [8]\n"
            "blocks.0.attention.qkv.weight [24,8]\n"
            "blocks.0.attention.qkv.bias [24]\n"
            "blocks.0.attention.output.weight [8,8]\n"
            "blocks.0.attention.output.bias [8]\n"
            "blocks.0.norm2.weight [8]\n"
            "blocks.0.norm2.bias [8]\n"
            "blocks.0.mlp.up.weight [32,8]\n"
            "blocks.0.mlp.up.bias [32]\n"
            "blocks.0.mlp.down.weight [8,32]\n"
            "blocks.0.mlp.down.bias [8]\n"
            "final_norm.weight [8]\n"
            "final_norm.bias [8]\n"
            "output.weight [256,8]\n");
}

std::string Listed(const ModelSpec& model) {
  std::string list;
  for (const Parameter& parameter : Parameters(model)) {
    list += parameter.name + " [";
    for (size_t i = 0; i < parameter.shape.size(); ++i)
      list += (i > 0 ? "," : "") + std::to_string(parameter.shape[i]);
    list += "]\n";
  }
  return list;
}

TEST(Parameters, OfTheOtherParts) {
  ModelSpec model;
  model.layers = 2;
  model.width = 8;
  model.heads = 4;
  model.kv_heads = 2;
  model.mlp_width = 12;
  model.norm = NormKind::kRmsNorm;
  model.qk_norm = true;
  model.position = PositionKind::kRotary;
  model.mlp = MlpKind::kSwiglu;
  model.residual = ResidualKind::kWeighted;
  model.attention_bias = Choose::kNo;
  model.output_bias = Choose::kYes;
  std::string block_0 = Listed(model), block_1 = block_0;
  block_0 = block_0.substr(0, block_0.find("blocks.1."));
  block_1 = block_1.substr(block_1.find("blocks.1.residual_mix"));
  EXPECT_EQ(block_0,
            "token_embedding.weight [256,8]\n"
            "blocks.0.norm1.weight [8]\n"
            "blocks.0.attention.qkv.weight [16,8]\n"
            "blocks.0.attention.q_norm.weight [8]\n"
            "blocks.0.attention.k_norm.weight [4]\n"
            "blocks.0.attention.output.weight [8,8]\n"
            "blocks.0.norm2.weight [8]\n"
            "blocks.0.mlp.up.weight [12,8]\n"
            "blocks.0.mlp.up.bias [12]\n"
            "blocks.0.mlp.gate.weight [12,8]\n"
            "blocks.0.mlp.gate.bias [12]\n"
            "blocks.0.mlp.down.weight [8,12]\n"
            "blocks.0.mlp.down.bias [8]\n"
            "blocks.0.residual_mix.weight [1]\n");
  EXPECT_EQ(block_1, "blocks.1.residual_mix.weight [2]\nfinal_norm.weight [8]\noutput.bias [256]\n");
}

// Every choice of every part, two at a time.
TEST(Parameters, CountAndBytesEqualTheListForEveryPairOfParts) {
  using Change = void (*)(ModelSpec*);
  const std::vector<Change> changes{[](ModelSpec* m) { m->norm = NormKind::kRmsNorm; },
                                    [](ModelSpec* m) { m->norm_placement = NormPlacement::kPost; },
                                    [](ModelSpec* m) { m->final_norm = Choose::kNo; },
                                    [](ModelSpec* m) { m->qk_norm = true; },
                                    [](ModelSpec* m) { m->position = PositionKind::kAlibi; },
                                    [](ModelSpec* m) { m->mlp = MlpKind::kSwiglu; },
                                    [](ModelSpec* m) { m->residual = ResidualKind::kWeighted; },
                                    [](ModelSpec* m) { m->tie_output = false; },
                                    [](ModelSpec* m) { m->bias = false; },
                                    [](ModelSpec* m) { m->norm_bias = Choose::kNo; },
                                    [](ModelSpec* m) { m->attention_bias = Choose::kNo; },
                                    [](ModelSpec* m) { m->mlp_bias = Choose::kYes; },
                                    [](ModelSpec* m) { m->output_bias = Choose::kYes; },
                                    [](ModelSpec* m) { m->kv_heads = 1; }};
  for (const Change first : changes)
    for (const Change second : changes) {
      TrainingSpec spec;
      spec.model = {.layers = 3, .width = 24, .heads = 4, .mlp_width = 40, .context = 16};
      first(&spec.model);
      second(&spec.model);
      EXPECT_EQ(CountParameters(spec.model), SumOfList(spec.model));
      EXPECT_EQ(BytesOfState(spec).optimizer, 8 * SumOfList(spec.model));
    }
}

TEST(Parameters, WithoutBiasesThereAreNone) {
  ModelSpec model = Gpt2Xl();
  model.bias = false;
  std::set<std::string> names;
  for (const Parameter& parameter : Parameters(model)) {
    EXPECT_NE(parameter.group, ParameterGroup::kBias) << parameter.name;
    EXPECT_TRUE(names.insert(parameter.name).second) << parameter.name;
  }
}

TEST(StateBytes, FollowTheOptimizer) {
  TrainingSpec spec;
  spec.model = Gpt2Xl();
  const int64_t copy = 4 * int64_t{1'557'611'200};
  const auto bytes_of = [&](OptimizerKind kind, double momentum) {
    spec.optimizer.name = kind;
    spec.optimizer.momentum = momentum;
    return BytesOfState(spec);
  };
  EXPECT_EQ(bytes_of(OptimizerKind::kAdamW, 0.9).total(), 4 * copy);
  EXPECT_EQ(bytes_of(OptimizerKind::kAdam, 0.9).optimizer, 2 * copy);
  EXPECT_EQ(bytes_of(OptimizerKind::kSgd, 0.9).optimizer, copy);
  EXPECT_EQ(bytes_of(OptimizerKind::kSgd, 0).optimizer, 0);
  EXPECT_EQ(bytes_of(OptimizerKind::kSgd, 0).weights, copy);
}

TEST(StateBytes, FollowTheRulesOfGroupsToTheByte) {
  TrainingSpec spec;
  spec.model = {.layers = 3, .width = 64, .heads = 4, .mlp_width = 256, .context = 32, .tie_output = false};
  OptimizerSpec& optimizer = spec.optimizer;
  optimizer.name = OptimizerKind::kAdamW8bit;
  optimizer.groups[static_cast<size_t>(ParameterGroup::kOutput)].name = OptimizerKind::kAdafactor;
  optimizer.groups[static_cast<size_t>(ParameterGroup::kEmbedding)].name = OptimizerKind::kNone;
  int64_t expected = 4 * (256 + 64);  // rows and columns of the output
  for (const Parameter& parameter : Parameters(spec.model)) {
    if (parameter.group == ParameterGroup::kOutput || parameter.group == ParameterGroup::kEmbedding) continue;
    const int64_t count = parameter.count();
    expected += count < 4096 ? 8 * count : 2 * (count + 4 * ((count + 255) / 256));
  }
  EXPECT_EQ(BytesOfState(spec).optimizer, expected);
}

TEST(OptimizerState, OfEachRuleByHand) {
  const Parameter matrix{"blocks.0.attention.qkv.weight", {48, 16}, ParameterGroup::kAttention};
  const Parameter vector{"final_norm.weight", {16}, ParameterGroup::kNorm};
  OptimizerSpec options;
  options.min_8bit_size = 100;
  const auto bytes = [&](OptimizerKind kind, const Parameter& parameter) {
    int64_t sum = 0;
    for (const StateTensor& tensor : StateOf(kind, options, parameter)) sum += tensor.bytes();
    return sum;
  };
  EXPECT_EQ(bytes(OptimizerKind::kLion, matrix), 4 * 768);
  EXPECT_EQ(bytes(OptimizerKind::kAdEmaMix, matrix), 12 * 768);
  EXPECT_EQ(bytes(OptimizerKind::kAdafactor, matrix), 4 * (48 + 16));
  EXPECT_EQ(bytes(OptimizerKind::kAdafactor, vector), 4 * 16);
  EXPECT_EQ(bytes(OptimizerKind::kAdafactorMomentum, matrix), 4 * 768 + 4 * (48 + 16));
  EXPECT_EQ(bytes(OptimizerKind::kAdalayer, matrix), 4 * 768 + 4 * 3) << "a fused projection has three parts";
  EXPECT_EQ(bytes(OptimizerKind::kAdalayer, vector), 4 * 16 + 4);
  EXPECT_EQ(bytes(OptimizerKind::kAdalayerRows, matrix), 4 * 768 + 4 * 48);
  EXPECT_EQ(bytes(OptimizerKind::kLion8bit, matrix), 768 + 4 * 3);
  EXPECT_EQ(bytes(OptimizerKind::kAdam8bit, vector), 8 * 16) << "small parameters keep 32 bits";
  EXPECT_EQ(bytes(OptimizerKind::kMuon, matrix), 4 * 768);
  EXPECT_EQ(bytes(OptimizerKind::kSophia, matrix), 8 * 768);
  EXPECT_EQ(bytes(OptimizerKind::kSoap, matrix), 8 * 768 + 8 * (48 * 48 + 16 * 16));
  EXPECT_EQ(bytes(OptimizerKind::kSoap, vector), 8 * 16);
  options.max_precondition_dim = 20;
  EXPECT_EQ(bytes(OptimizerKind::kSoap, matrix), 8 * 768 + 8 * 16 * 16) << "the long side has no basis";
  const Parameter output{"output.weight", {48, 16}, ParameterGroup::kOutput};
  EXPECT_EQ(bytes(OptimizerKind::kAdalayerFrozen, output), 4 * 768 + 4 * 48) << "by rows";
  EXPECT_EQ(bytes(OptimizerKind::kAdalayerPrimed, matrix), 4 * 768 + 4 * 3);
  EXPECT_EQ(bytes(OptimizerKind::kNone, matrix), 0);
}

TEST(OptimizerState, UnderPureBf16IsHalf) {
  const Parameter matrix{"blocks.0.mlp.up.weight", {48, 16}, ParameterGroup::kMlp};
  TrainingSpec spec;
  spec.training.precision = Precision::kPureBf16;
  int64_t sum = 0;
  for (const StateTensor& tensor : StateOf(OptimizerKind::kAdamW, spec, matrix)) sum += tensor.bytes();
  EXPECT_EQ(sum, 4 * 768);
  const int64_t all = CountParameters(spec.model);
  EXPECT_EQ(BytesOfState(spec).weights, 2 * all);
  EXPECT_EQ(BytesOfState(spec).gradients, 2 * all);
  EXPECT_EQ(BytesOfState(spec).optimizer, 4 * all);
}

TEST(Flops, OfOneTokenByHand) {
  ModelSpec model;
  model.layers = 2;
  model.width = 8;
  model.mlp_width = 32;
  model.context = 16;
  // N = 2 x (3x8x8 + 8x8 + 2x8x32) + 256x8 = 3584; 6 N + 12 x 2 x 8 x 16.
  EXPECT_DOUBLE_EQ(FlopsPerToken(model, 16), 6.0 * 3584 + 3072);
  model.tie_output = false;  // the product with the output matrix is computed either way
  EXPECT_DOUBLE_EQ(FlopsPerToken(model, 16), 6.0 * 3584 + 3072);
  model.mlp = MlpKind::kSwiglu;  // a third matrix in each MLP
  model.kv_heads = 1;            // 4 heads of 2: keys and values of 2 each
  EXPECT_DOUBLE_EQ(FlopsPerToken(model, 16), 6.0 * (3584 + 2 * 8 * 32 - 2 * 2 * 6 * 8) + 3072);
  model.mlp = MlpKind::kGelu;
  model.kv_heads = 0;
  EXPECT_DOUBLE_EQ(FlopsPerToken(model, 16), 6.0 * 3584 + 3072);
}

TEST(Flops, OfARunAreThoseOfItsTokens) {
  TrainingSpec spec;
  EXPECT_EQ(FlopsOfRun(spec), 0) << "its steps are not known";
  spec.budget.tokens = 1000;
  EXPECT_DOUBLE_EQ(FlopsOfRun(spec), 1000 * FlopsPerToken(spec.model, spec.data.sequence_length));
}

}  // namespace
}  // namespace optfleet::spec
