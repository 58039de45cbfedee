#include "spec/presets.h"

namespace optfleet::spec {
namespace {

constexpr int64_t kGpt2Vocabulary = 50257;

ModelSpec Shape(int64_t layers, int64_t width, int64_t heads, int64_t context) {
  ModelSpec model;
  model.layers = layers;
  model.width = width;
  model.heads = heads;
  model.context = context;
  return model;
}

void SetDropout(double share, ModelSpec* model) {
  model->embedding_dropout = model->attention_dropout = model->residual_dropout = share;
}

ModelSpec Gpt2Xl() {
  ModelSpec model = Shape(48, 1600, 25, 1024);
  model.vocab_size = kGpt2Vocabulary;
  model.mlp = MlpKind::kGeluTanh;
  SetDropout(0.1, &model);
  return model;
}

ModelSpec CerebrasGpt() {
  ModelSpec model = Shape(32, 2560, 32, 2048);
  model.vocab_size = kGpt2Vocabulary;
  return model;
}

// Its GELU is the tanh form, which Flax takes unless told otherwise.
ModelSpec Gpt580m() {
  ModelSpec model = Shape(18, 1536, 12, 1024);
  model.vocab_size = 50304;
  model.mlp = MlpKind::kGeluTanh;
  model.position = PositionKind::kAlibi;
  model.norm_epsilon = 1e-6;
  model.attention_dropout = model.residual_dropout = 0.1;
  return model;
}

// The GPT-2 that the challenge started from.
ModelSpec MiniLlmBaseline() {
  ModelSpec model = Shape(12, 768, 12, 512);
  model.vocab_size = kGpt2Vocabulary;
  model.vocab_multiple = 64;
  model.bias = false;
  return model;
}

// The family of arXiv 2302.13971, as the challenge's code builds it.
ModelSpec Llama(int64_t layers, int64_t width, int64_t heads, int64_t mlp_width) {
  ModelSpec model = Shape(layers, width, heads, 512);
  model.mlp_width = mlp_width;
  model.vocab_size = kGpt2Vocabulary;
  model.vocab_multiple = 64;
  model.norm = NormKind::kRmsNorm;
  model.position = PositionKind::kRotary;
  model.mlp = MlpKind::kSwiglu;
  model.bias = false;
  return model;
}

ModelSpec MiniLlm(int64_t layers) {
  ModelSpec model = Llama(layers, 768, 12, 2048);
  SetDropout(0.05, &model);
  return model;
}

// The vocabulary is that of WikiText-2's words, 33,278 with its marks, and three more.
ModelSpec TransformerRoom() {
  ModelSpec model = Shape(12, 768, 8, 1024);
  model.vocab_size = 33281;
  model.norm_placement = NormPlacement::kPost;
  model.position = PositionKind::kSinusoidal;
  model.mlp = MlpKind::kRelu;
  model.tie_output = false;
  model.output_bias = Choose::kYes;
  model.attention = Attention::kManual;
  model.residual_dropout = 0.1;
  model.init = InitKind::kXavier;
  return model;
}

ModelSpec Olmo(int64_t layers, int64_t width, int64_t heads) {
  ModelSpec model = Shape(layers, width, heads, 512);
  model.vocab_size = 32100;
  model.vocab_multiple = 128;
  model.qk_norm = true;
  model.position = PositionKind::kRotary;
  model.tie_output = false;
  model.bias = false;
  model.init = InitKind::kTruncatedByLayer;
  return model;
}

// The same parts, of a size for tests on bytes.
ModelSpec Tiny(ModelSpec model) {
  model.layers = 2;
  model.width = 32;
  model.heads = 4;
  model.mlp_width = model.has_gate() ? 88 : 0;
  model.vocab_size = 256;
  model.vocab_multiple = 1;
  model.context = 0;
  return model;
}

}  // namespace

ModelSpec ModelOfPreset(ModelPreset preset) {
  const auto named = [preset](ModelSpec model) {
    model.preset = preset;
    return model;
  };
  switch (preset) {
    case ModelPreset::kNone:
      return {};
    case ModelPreset::kGpt2Xl:
      return named(Gpt2Xl());
    case ModelPreset::kCerebrasGpt2700m:
      return named(CerebrasGpt());
    case ModelPreset::kGpt580m:
      return named(Gpt580m());
    case ModelPreset::kMiniLlmBaseline:
      return named(MiniLlmBaseline());
    case ModelPreset::kMiniLlm166m:
      return named(MiniLlm(18));
    case ModelPreset::kMiniLlm208m:
      return named(MiniLlm(24));
    case ModelPreset::kLlama208m:
      return named(Llama(24, 768, 12, 2048));
    case ModelPreset::kTransformerRoom:
      return named(TransformerRoom());
    case ModelPreset::kOlmo150m:
      return named(Olmo(12, 1024, 16));
    case ModelPreset::kOlmo300m:
      return named(Olmo(24, 1024, 16));
    case ModelPreset::kOlmo600m:
      return named(Olmo(24, 1408, 22));
    case ModelPreset::kOlmo1200m:
      return named(Olmo(24, 2048, 32));
    case ModelPreset::kTinyGpt2:
      return named(Tiny(Gpt2Xl()));
    case ModelPreset::kTinyLlama:
      return named(Tiny(Llama(18, 768, 12, 2048)));
    case ModelPreset::kTinyOlmo:
      return named(Tiny(Olmo(12, 1024, 16)));
    case ModelPreset::kTinyTransformerRoom:
      return named(Tiny(TransformerRoom()));
  }
  return {};
}

}  // namespace optfleet::spec
