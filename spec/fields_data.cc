#include "spec/field_builder.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 6> kFormats{"auto", "text", "tokens", "nanogpt", "llm_c", "npy"};
constexpr std::array<std::string_view, 3> kOrders{"shuffled", "sequential", "random_windows"};

constexpr auto kData = &TrainingSpec::data;

bool MayBeRaw(const TrainingSpec& spec) {
  return spec.data.format == DataFormat::kNanoGpt || spec.data.format == DataFormat::kNpy;
}
bool SplitsByShare(const TrainingSpec& spec) { return spec.data.validation_path.empty(); }
bool WarmsLengthUp(const TrainingSpec& spec) { return spec.data.length_warmup.amount > 0; }

constexpr Use kRaw{&MayBeRaw, "with `data.format` nanogpt and npy"};
constexpr Use kByShare{&SplitsByShare, "without a `data.validation_path`"};
bool DrawsOrder(const TrainingSpec& spec) { return spec.data.order != DataOrder::kSequential; }

Value GetSeed(const TrainingSpec& spec) {
  const auto& seed = spec.data.seed;
  return seed ? Value(*seed) : Value(std::string(kInherit));
}

void SetSeed(TrainingSpec& spec, const Value& value) {
  const int64_t* seed = std::get_if<int64_t>(&value);
  spec.data.seed = seed == nullptr ? std::nullopt : std::optional(*seed);
}

constexpr Use kDrawn{&DrawsOrder, "with `data.order` shuffled and random_windows"};
constexpr Use kLengthWarmup{&WarmsLengthUp, "with a `data.length_warmup` above 0"};

constexpr std::array kFields{
    Plain<kData, &DataSpec::path>(
        "data.path", kUnbounded, "",
        "File to train on, which must be given: tokens, or text that is read as bytes, one token a byte "
        "(docs/data.md)."),
    Choice<kData, &DataSpec::format, kFormats>(
        "data.format",
        "What the files hold. `auto` tells by their content; raw tokens without a header (nanoGPT, OLMo) "
        "need `nanogpt` or `npy`."),
    Plain<kData, &DataSpec::token_bytes>("data.token_bytes", From(2, 4), "bytes",
                                         "Width of a token where a file does not say it: 2 or 4.", kRaw),
    Plain<kData, &DataSpec::validation_path>(
        "data.validation_path", kUnbounded, "",
        "File to validate on, in a format of `data.format`; empty takes a share of `data.path`."),
    Plain<kData, &DataSpec::sequence_length>("data.sequence_length", From(1, kMost), "tokens",
                                             "Length of a training sequence."),
    Plain<kData, &DataSpec::validation_share>("data.validation_share", Between(0, 1), "",
                                              "The last share of the file validates, the rest trains.",
                                              kByShare),
    Choice<kData, &DataSpec::order, kOrders>(
        "data.order",
        "`shuffled` visits every chunk once an epoch, in an order of seed and epoch; `sequential` in the "
        "file's order; `random_windows` begins anywhere."),
    Field{"data.seed", FieldType::kOwnInteger, From(0, kMostSeed), Names(), "",
          "Of the order of the data; inherit takes `training.seed`.", &GetSeed, &SetSeed, kDrawn,
          &SameMember<kData, &DataSpec::seed>},
    Plain<kData, &DataSpec::length_warmup>(
        "data.length_warmup", kUnbounded, "",
        "Up to its end sequences are cut into shorter ones, whose length doubles in equal parts of it; a "
        "step has the same tokens throughout. 0 cuts none."),
    Plain<kData, &DataSpec::length_start>(
        "data.length_start", From(0, kMost), "tokens",
        "Length of the first sequences: `data.sequence_length` divided by a power of two; 0 takes an eighth.",
        kLengthWarmup),
};

}  // namespace

std::span<const Field> DataFields() { return kFields; }

}  // namespace optfleet::spec
