#include "spec/field_builder.h"
#include "spec/presets.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 17> kPresets{"none",
                                                    "gpt2-xl",
                                                    "cerebras-gpt-2.7b",
                                                    "gpt-580m",
                                                    "mini-llm-baseline",
                                                    "mini-llm-166m",
                                                    "mini-llm-208m",
                                                    "llama-208m",
                                                    "transformer-room",
                                                    "olmo-150m",
                                                    "olmo-300m",
                                                    "olmo-600m",
                                                    "olmo-1.2b",
                                                    "tiny-gpt2",
                                                    "tiny-llama",
                                                    "tiny-olmo",
                                                    "tiny-transformer-room"};
constexpr std::array<std::string_view, 7> kAttentions{
    "auto", "sdpa", "manual", "sdpa_flash", "sdpa_memory_efficient", "sdpa_cudnn", "sdpa_math"};
constexpr std::array<std::string_view, 2> kNorms{"layernorm", "rmsnorm"};
constexpr std::array<std::string_view, 2> kPlacements{"pre", "post"};
constexpr std::array<std::string_view, 3> kChoose{"auto", "yes", "no"};
constexpr std::array<std::string_view, 5> kPositions{"learned", "sinusoidal", "rotary", "alibi", "none"};
constexpr std::array<std::string_view, 4> kMlps{"gelu", "gelu_tanh", "relu", "swiglu"};
constexpr std::array<std::string_view, 3> kInits{"normal", "truncated_by_layer", "xavier"};
constexpr std::array<std::string_view, 2> kResiduals{"plain", "weighted"};
constexpr std::array<std::string_view, 2> kDerive{"width", "layers"};

constexpr auto kModel = &TrainingSpec::model;

void SetPreset(TrainingSpec& spec, const Value& value) {
  const auto at =
      std::find(kPresets.begin(), kPresets.end(), std::get<std::string>(value)) - kPresets.begin();
  spec.model = ModelOfPreset(static_cast<ModelPreset>(at));
}

constexpr Field PresetField() {
  Field field = Choice<kModel, &ModelSpec::preset, kPresets>(
      kPresetKey,
      "A model of the literature: values of the other keys, which they override (docs/models.md).");
  field.set = &SetPreset;
  return field;
}

bool BySize(const TrainingSpec& spec) { return spec.model.block_parameters > 0 || spec.model.from_flops > 0; }
bool ByFlops(const TrainingSpec& spec) { return spec.model.from_flops > 0; }
bool GivesLayers(const TrainingSpec& spec) { return !BySize(spec) || spec.model.derive != Derive::kLayers; }
bool GivesWidth(const TrainingSpec& spec) { return !BySize(spec) || spec.model.derive != Derive::kWidth; }
bool GivesHeads(const TrainingSpec& spec) { return spec.model.head_width == 0; }
bool IsLayerNorm(const TrainingSpec& spec) { return spec.model.norm == NormKind::kLayerNorm; }
bool IsRotary(const TrainingSpec& spec) { return spec.model.position == PositionKind::kRotary; }
bool StartsNormal(const TrainingSpec& spec) { return spec.model.init == InitKind::kNormal; }

constexpr Use kSized{&BySize, "with a `model.block_parameters` or `model.from_flops`"};
constexpr Use kByFlops{&ByFlops, "with a `model.from_flops`"};
constexpr Use kLayersGiven{&GivesLayers, "unless `model.derive` layers makes them follow"};
constexpr Use kWidthGiven{&GivesWidth, "unless `model.derive` width makes it follow"};
constexpr Use kHeadsGiven{&GivesHeads, "without a `model.head_width`"};
constexpr Use kLayerNormOnly{&IsLayerNorm, "by `model.norm` layernorm"};
constexpr Use kRotaryOnly{&IsRotary, "by `model.position` rotary"};
constexpr Use kNormalOnly{&StartsNormal, "by `model.init` normal"};

constexpr std::array kFields{
    PresetField(),
    Plain<kModel, &ModelSpec::block_parameters>("model.block_parameters", From(0, 1e13), "weights",
                                                "Size of all blocks' linear layers (12 width^2 layers by "
                                                "default), from which width or layers follow; 0 "
                                                "is not given."),
    Plain<kModel, &ModelSpec::from_flops>(
        "model.from_flops", From(0, 1e30), "floating-point operations",
        "Work C of the whole training, from which the model's size N and, if no budget is given, its tokens "
        "D "
        "follow: C = 6 N D, D = `model.tokens_per_parameter` x N; 0 is not given."),
    Plain<kModel, &ModelSpec::tokens_per_parameter>("model.tokens_per_parameter", Above(0, 1e6), "tokens",
                                                    "Training tokens for each parameter.", kByFlops),
    Choice<kModel, &ModelSpec::derive, kDerive>("model.derive", "Which of the two follows from the size.",
                                                kSized),
    Plain<kModel, &ModelSpec::layers>("model.layers", From(1, 4096), "layers", "Transformer blocks.",
                                      kLayersGiven),
    Plain<kModel, &ModelSpec::width>("model.width", From(1, kMost), "",
                                     "Width of the residual stream; a multiple of `model.heads`.",
                                     kWidthGiven),
    Plain<kModel, &ModelSpec::head_width>(
        "model.head_width", From(0, kMost), "",
        "Width of a head, from which `model.heads` follows; 0 is not given."),
    Plain<kModel, &ModelSpec::heads>("model.heads", From(1, kMost), "heads", "Attention heads of a block.",
                                     kHeadsGiven),
    Plain<kModel, &ModelSpec::kv_heads>(
        "model.kv_heads", From(0, kMost), "heads",
        "Heads of keys and values, each shared by as many query heads; divides `model.heads`; 0 takes all."),
    Plain<kModel, &ModelSpec::mlp_width>("model.mlp_width", From(0, 4 * kMost), "",
                                         "Inner width of the MLP; 0 takes 4 x `model.width`."),
    Plain<kModel, &ModelSpec::vocab_size>("model.vocab_size", From(2, 16 * kMost), "tokens",
                                          "Rows of the embedding; text read as bytes needs 256."),
    Plain<kModel, &ModelSpec::vocab_multiple>("model.vocab_multiple", From(1, kMost), "tokens",
                                              "`model.vocab_size` is rounded up to a multiple of it."),
    Plain<kModel, &ModelSpec::context>(
        "model.context", From(0, kMost), "tokens",
        "The longest sequence, and rows of learned positions; 0 takes `data.sequence_length`."),
    Choice<kModel, &ModelSpec::norm, kNorms>("model.norm",
                                             "Norm before or after a part, and of `model.qk_norm`."),
    Choice<kModel, &ModelSpec::norm_placement, kPlacements>(
        "model.norm_placement", "`pre`: x + part(norm(x)); `post`: norm(x + part(x))."),
    Choice<kModel, &ModelSpec::final_norm, kChoose>("model.final_norm",
                                                    "A norm behind the last block; `auto`: with pre."),
    Plain<kModel, &ModelSpec::qk_norm>("model.qk_norm", kUnbounded, "",
                                       "Norms of queries and keys over their full width, before the heads."),
    Choice<kModel, &ModelSpec::position, kPositions>(
        "model.position",
        "Where positions enter: added to the input (learned, sinusoidal), turning queries "
        "and keys (rotary), or added to scores (alibi)."),
    Plain<kModel, &ModelSpec::rotary_base>("model.rotary_base", Above(1, 1e12), "", "Base of the angles.",
                                           kRotaryOnly),
    Choice<kModel, &ModelSpec::mlp, kMlps>("model.mlp",
                                           "Its activation; `gelu` is exact; `swiglu` has a gate beside."),
    Choice<kModel, &ModelSpec::residual, kResiduals>(
        "model.residual",
        "`weighted`: a block reads a learned average of the embedding and all blocks before."),
    Plain<kModel, &ModelSpec::tie_output>("model.tie_output", kUnbounded, "",
                                          "Whether the output matrix is the token embedding."),
    Plain<kModel, &ModelSpec::bias>("model.bias", kUnbounded, "",
                                    "Whether linear layers and norms have a bias."),
    Choice<kModel, &ModelSpec::norm_bias, kChoose>(
        "model.norm_bias", "Biases of norms; `auto` as `model.bias`; those of `model.qk_norm` have none.",
        kLayerNormOnly),
    Choice<kModel, &ModelSpec::attention_bias, kChoose>("model.attention_bias",
                                                        "Biases of attention; `auto` as `model.bias`."),
    Choice<kModel, &ModelSpec::mlp_bias, kChoose>("model.mlp_bias",
                                                  "Biases of the MLP; `auto` as `model.bias`."),
    Choice<kModel, &ModelSpec::output_bias, kChoose>("model.output_bias",
                                                     "A bias of the logits; `auto`: no."),
    Choice<kModel, &ModelSpec::attention, kAttentions>(
        "model.attention",
        "Implementation: `sdpa` is fused, `manual` written out; `auto` takes the faster one; `sdpa_flash` "
        "and so "
        "on bind sdpa to one back end."),
    Plain<kModel, &ModelSpec::embedding_dropout>("model.embedding_dropout", Below(0, 1), "",
                                                 "Share of the embedded input that is dropped."),
    Plain<kModel, &ModelSpec::attention_dropout>("model.attention_dropout", Below(0, 1), "",
                                                 "Share of the attention weights that is dropped."),
    Plain<kModel, &ModelSpec::residual_dropout>("model.residual_dropout", Below(0, 1), "",
                                                "Share of each branch's output that is dropped."),
    Choice<kModel, &ModelSpec::init, kInits>("model.init", "How weights start (docs/models.md)."),
    Plain<kModel, &ModelSpec::init_std>("model.init_std", From(0, 10), "",
                                        "Standard deviation of the initial weights.", kNormalOnly),
    Plain<kModel, &ModelSpec::norm_epsilon>("model.norm_epsilon", Above(0, 1), "",
                                            "Added to the variance inside a norm."),
};

}  // namespace

std::span<const Field> ModelFields() { return kFields; }

}  // namespace optfleet::spec
