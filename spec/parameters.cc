#include "spec/parameters.h"

#include "spec/model_size.h"
#include "spec/optimizer_state.h"

namespace optfleet::spec {
namespace {

class Listing {
 public:
  void Add(std::string name, std::vector<int64_t> shape, ParameterGroup group) {
    parameters_.push_back({std::move(name), std::move(shape), group});
  }
  void Norm(const std::string& name, int64_t width, bool bias) {
    Add(name + ".weight", {width}, ParameterGroup::kNorm);
    if (bias) Add(name + ".bias", {width}, ParameterGroup::kBias);
  }
  void Linear(const std::string& name, int64_t outputs, int64_t inputs, ParameterGroup group, bool bias) {
    Add(name + ".weight", {outputs, inputs}, group);
    if (bias) Add(name + ".bias", {outputs}, ParameterGroup::kBias);
  }
  std::vector<Parameter> Take() { return std::move(parameters_); }

 private:
  std::vector<Parameter> parameters_;
};

int64_t WidthOfQkv(const ModelSpec& model) { return model.width + 2 * model.key_value_width(); }

void ListAttention(const ModelSpec& model, const std::string& prefix, Listing* listing) {
  const bool bias = model.has_attention_bias();
  listing->Linear(prefix + "qkv", WidthOfQkv(model), model.width, ParameterGroup::kAttention, bias);
  if (model.qk_norm) {
    listing->Norm(prefix + "q_norm", model.width, /*bias=*/false);
    listing->Norm(prefix + "k_norm", model.key_value_width(), /*bias=*/false);
  }
  listing->Linear(prefix + "output", model.width, model.width, ParameterGroup::kAttention, bias);
}

void ListMlp(const ModelSpec& model, const std::string& prefix, Listing* listing) {
  const bool bias = model.has_mlp_bias();
  listing->Linear(prefix + "up", model.mlp_width, model.width, ParameterGroup::kMlp, bias);
  if (model.has_gate())
    listing->Linear(prefix + "gate", model.mlp_width, model.width, ParameterGroup::kMlp, bias);
  listing->Linear(prefix + "down", model.width, model.mlp_width, ParameterGroup::kMlp, bias);
}

void ListBlock(const ModelSpec& model, int64_t layer, Listing* listing) {
  const std::string block = "blocks." + std::to_string(layer) + ".";
  listing->Norm(block + "norm1", model.width, model.has_norm_bias());
  ListAttention(model, block + "attention.", listing);
  listing->Norm(block + "norm2", model.width, model.has_norm_bias());
  ListMlp(model, block + "mlp.", listing);
  if (model.residual == ResidualKind::kWeighted)
    listing->Add(block + "residual_mix.weight", {layer + 1}, ParameterGroup::kNorm);
}

// Besides the weights of linear layers, without the mixing weights of residuals, which differ by layer.
int64_t OtherElementsOfBlock(const ModelSpec& model) {
  const int64_t norms = 2 * model.width * (model.has_norm_bias() ? 2 : 1);
  const int64_t qk_norms = model.qk_norm ? model.width + model.key_value_width() : 0;
  const int64_t attention_biases = model.has_attention_bias() ? WidthOfQkv(model) + model.width : 0;
  const int64_t mlp_biases =
      model.has_mlp_bias() ? model.width + (model.has_gate() ? 2 : 1) * model.mlp_width : 0;
  return norms + qk_norms + attention_biases + mlp_biases;
}

int64_t BytesOfOptimizer(const TrainingSpec& spec, const std::vector<Parameter>& parameters) {
  int64_t bytes = 0;
  for (const Parameter& parameter : parameters) {
    for (const StateTensor& tensor : StateOf(spec.optimizer.KindOf(parameter.group), spec, parameter))
      bytes += tensor.bytes();
  }
  return bytes;
}

}  // namespace

int64_t Parameter::count() const {
  int64_t elements = 1;
  for (const int64_t extent : shape) elements *= extent;
  return elements;
}

std::vector<Parameter> Parameters(const ModelSpec& model) {
  Listing listing;
  listing.Add("token_embedding.weight", {model.vocab_size, model.width}, ParameterGroup::kEmbedding);
  if (model.position == PositionKind::kLearned)
    listing.Add("position_embedding.weight", {model.context, model.width}, ParameterGroup::kPosition);
  for (int64_t layer = 0; layer < model.layers; ++layer) ListBlock(model, layer, &listing);
  if (model.has_final_norm()) listing.Norm("final_norm", model.width, model.has_norm_bias());
  if (!model.tie_output)
    listing.Add("output.weight", {model.vocab_size, model.width}, ParameterGroup::kOutput);
  if (model.has_output_bias()) listing.Add("output.bias", {model.vocab_size}, ParameterGroup::kBias);
  return listing.Take();
}

int64_t CountParameters(const ModelSpec& model) {
  const int64_t positions = model.position == PositionKind::kLearned ? model.context : 0;
  const int64_t tables = (model.vocab_size * (model.tie_output ? 1 : 2) + positions) * model.width;
  const int64_t final_norm = model.has_final_norm() ? model.width * (model.has_norm_bias() ? 2 : 1) : 0;
  const int64_t output_bias = model.has_output_bias() ? model.vocab_size : 0;
  const int64_t mixes = model.residual == ResidualKind::kWeighted ? model.layers * (model.layers + 1) / 2 : 0;
  return tables + CountBlockWeights(model) + model.layers * OtherElementsOfBlock(model) + mixes + final_norm +
         output_bias;
}

bool HasGroup(const ModelSpec& model, ParameterGroup group) {
  switch (group) {
    case ParameterGroup::kPosition:
      return model.position == PositionKind::kLearned;
    case ParameterGroup::kOutput:
      return !model.tie_output;
    case ParameterGroup::kBias:
      return model.has_norm_bias() || model.has_attention_bias() || model.has_mlp_bias() ||
             model.has_output_bias();
    default:
      return true;
  }
}

// Blocks are alike but for the mixing weights of residuals, so without these two models of few blocks tell of
// any depth.
StateBytes BytesOfState(const TrainingSpec& spec) {
  const int64_t bytes_per_element = spec.training.precision == Precision::kPureBf16 ? 2 : 4;
  const int64_t one_copy = CountParameters(spec.model) * bytes_per_element;
  if (spec.model.residual == ResidualKind::kWeighted)
    return {one_copy, one_copy, BytesOfOptimizer(spec, Parameters(spec.model))};
  ModelSpec model = spec.model;
  model.layers = 1;
  const int64_t with_one = BytesOfOptimizer(spec, Parameters(model));
  model.layers = 2;
  const int64_t of_block = BytesOfOptimizer(spec, Parameters(model)) - with_one;
  const int64_t average = spec.averaging.IsOn() ? CountParameters(spec.model) * 4 : 0;
  return {one_copy, one_copy, with_one + (spec.model.layers - 1) * of_block, average};
}

double FlopsPerToken(const ModelSpec& model, int64_t sequence_length) {
  const double weights =
      static_cast<double>(CountBlockWeights(model)) + static_cast<double>(model.vocab_size * model.width);
  const double attention = 12.0 * static_cast<double>(model.layers) * static_cast<double>(model.width) *
                           static_cast<double>(sequence_length);
  return 6.0 * weights + attention;
}

double FlopsOfRun(const TrainingSpec& spec) {
  return static_cast<double>(spec.budget.tokens) * FlopsPerToken(spec.model, spec.data.sequence_length);
}

}  // namespace optfleet::spec
