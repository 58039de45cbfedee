// The part of the spec that says what is trained: one decoder-only transformer, put together from named
// parts. Formulas of the parts and the names of their weights: docs/models.md; their shapes:
// spec/parameters.h.
#pragma once

#include <cstdint>

namespace optfleet::spec {

// auto: sdpa in fp32; hand-written in bf16 on a CPU, sdpa on a GPU. The last four are sdpa, bound to one of
// its back ends.
enum class Attention { kAuto, kSdpa, kManual, kSdpaFlash, kSdpaMemoryEfficient, kSdpaCudnn, kSdpaMath };
enum class NormKind { kLayerNorm, kRmsNorm };
// pre: x + part(norm(x)); post: norm(x + part(x)).
enum class NormPlacement { kPre, kPost };
enum class PositionKind { kLearned, kSinusoidal, kRotary, kAlibi, kNone };
enum class MlpKind { kGelu, kGeluTanh, kRelu, kSwiglu };
enum class InitKind { kNormal, kTruncatedByLayer, kXavier };
enum class ResidualKind { kPlain, kWeighted };
// auto: another key decides.
enum class Choose { kAuto, kYes, kNo };
// What follows from a size that is asked for.
enum class Derive { kWidth, kLayers };
// In the order of their names in spec/fields_model.cc.
enum class ModelPreset {
  kNone,
  kGpt2Xl,
  kCerebrasGpt2700m,
  kGpt580m,
  kMiniLlmBaseline,
  kMiniLlm166m,
  kMiniLlm208m,
  kLlama208m,
  kTransformerRoom,
  kOlmo150m,
  kOlmo300m,
  kOlmo600m,
  kOlmo1200m,
  kTinyGpt2,
  kTinyLlama,
  kTinyOlmo,
  kTinyTransformerRoom
};

struct ModelSpec {
  ModelPreset preset = ModelPreset::kNone;  // where the values came from; itself it says nothing
  int64_t block_parameters = 0;             // 0: not given, and when resolved
  double from_flops = 0;                    // 0: not given, and when resolved
  double tokens_per_parameter = 20;
  Derive derive = Derive::kWidth;
  int64_t layers = 4;
  int64_t width = 128;
  int64_t head_width = 0;  // 0: width / heads, and when resolved
  int64_t heads = 4;
  int64_t kv_heads = 0;        // 0: heads
  int64_t mlp_width = 0;       // 0: 4 x width
  int64_t vocab_size = 256;    // rows of the embedding; bytes need 256
  int64_t vocab_multiple = 1;  // vocab_size is rounded up to it; 1 when resolved
  int64_t context = 0;         // the longest sequence, rows of learned positions; 0: data.sequence_length
  NormKind norm = NormKind::kLayerNorm;
  NormPlacement norm_placement = NormPlacement::kPre;
  Choose final_norm = Choose::kAuto;  // auto: with pre
  bool qk_norm = false;
  PositionKind position = PositionKind::kLearned;
  double rotary_base = 10000;
  MlpKind mlp = MlpKind::kGelu;
  ResidualKind residual = ResidualKind::kPlain;
  bool tie_output = true;  // the output matrix is the token embedding
  bool bias = true;        // of linear layers and norms
  Choose norm_bias = Choose::kAuto;
  Choose attention_bias = Choose::kAuto;
  Choose mlp_bias = Choose::kAuto;
  Choose output_bias = Choose::kAuto;  // auto: no
  Attention attention = Attention::kAuto;
  double embedding_dropout = 0;
  double attention_dropout = 0;
  double residual_dropout = 0;
  InitKind init = InitKind::kNormal;
  double init_std = 0.02;
  double norm_epsilon = 1e-5;
  friend bool operator==(const ModelSpec&, const ModelSpec&) = default;

  // What the keys come to. Of a resolved model.
  int64_t width_of_head() const { return width / heads; }
  int64_t key_value_heads() const { return kv_heads == 0 ? heads : kv_heads; }
  int64_t key_value_width() const { return key_value_heads() * width_of_head(); }
  bool has_final_norm() const { return Says(final_norm, norm_placement == NormPlacement::kPre); }
  bool has_norm_bias() const { return norm == NormKind::kLayerNorm && Says(norm_bias, bias); }
  bool has_attention_bias() const { return Says(attention_bias, bias); }
  bool has_mlp_bias() const { return Says(mlp_bias, bias); }
  bool has_output_bias() const { return Says(output_bias, false); }
  bool has_gate() const { return mlp == MlpKind::kSwiglu; }

 private:
  static bool Says(Choose choice, bool otherwise) {
    return choice == Choose::kAuto ? otherwise : choice == Choose::kYes;
  }
};

// Every sdpa, whatever its back end.
inline bool IsSdpa(Attention attention) {
  return attention != Attention::kAuto && attention != Attention::kManual;
}

}  // namespace optfleet::spec
