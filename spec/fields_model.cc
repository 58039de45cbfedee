#include "spec/field_builder.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 3> kAttentions{"auto", "sdpa", "manual"};

constexpr auto kModel = &TrainingSpec::model;

constexpr std::array kFields{
    Plain<kModel, &ModelSpec::layers>("model.layers", From(1, 4096), "layers", "Transformer blocks."),
    Plain<kModel, &ModelSpec::width>("model.width", From(1, kMost), "",
                                     "Width of the residual stream; a multiple of `model.heads`."),
    Plain<kModel, &ModelSpec::heads>("model.heads", From(1, kMost), "heads", "Attention heads of a block."),
    Plain<kModel, &ModelSpec::mlp_width>("model.mlp_width", From(0, 4 * kMost), "",
                                         "Inner width of the MLP; 0 takes 4 x `model.width`."),
    Plain<kModel, &ModelSpec::vocab_size>("model.vocab_size", From(2, 16 * kMost), "tokens",
                                          "Rows of the embedding; text read as bytes needs 256."),
    Plain<kModel, &ModelSpec::context>("model.context", From(0, kMost), "tokens",
                                       "Rows of the position table; 0 takes `data.sequence_length`."),
    Plain<kModel, &ModelSpec::tie_output>("model.tie_output", kUnbounded, "",
                                          "Whether the output matrix is the token embedding."),
    Plain<kModel, &ModelSpec::bias>("model.bias", kUnbounded, "",
                                    "Whether linear layers and norms have a bias."),
    Choice<kModel, &ModelSpec::attention, kAttentions>(
        "model.attention",
        "Implementation: `sdpa` is fused, `manual` written out; `auto` takes the faster one."),
    Plain<kModel, &ModelSpec::embedding_dropout>("model.embedding_dropout", Below(0, 1), "",
                                                 "Share of the embedded input that is dropped."),
    Plain<kModel, &ModelSpec::attention_dropout>("model.attention_dropout", Below(0, 1), "",
                                                 "Share of the attention weights that is dropped."),
    Plain<kModel, &ModelSpec::residual_dropout>("model.residual_dropout", Below(0, 1), "",
                                                "Share of each branch's output that is dropped."),
    Plain<kModel, &ModelSpec::init_std>("model.init_std", From(0, 10), "",
                                        "Standard deviation of the initial weights."),
    Plain<kModel, &ModelSpec::norm_epsilon>("model.norm_epsilon", Above(0, 1), "",
                                            "Added to the variance inside a norm."),
};

}  // namespace

std::span<const Field> ModelFields() { return kFields; }

}  // namespace optfleet::spec
