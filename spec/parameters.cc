#include "spec/parameters.h"

#include "spec/optimizer_state.h"

namespace optfleet::spec {
namespace {

class Listing {
 public:
  explicit Listing(bool bias) : bias_(bias) {}

  void Add(std::string name, std::vector<int64_t> shape, ParameterGroup group) {
    parameters_.push_back({std::move(name), std::move(shape), group});
  }
  void Norm(const std::string& name, int64_t width) {
    Add(name + ".weight", {width}, ParameterGroup::kNorm);
    if (bias_) Add(name + ".bias", {width}, ParameterGroup::kBias);
  }
  void Linear(const std::string& name, int64_t outputs, int64_t inputs, ParameterGroup group) {
    Add(name + ".weight", {outputs, inputs}, group);
    if (bias_) Add(name + ".bias", {outputs}, ParameterGroup::kBias);
  }
  std::vector<Parameter> Take() { return std::move(parameters_); }

 private:
  bool bias_;
  std::vector<Parameter> parameters_;
};

int64_t LinearWeightsOfBlock(const ModelSpec& model) {
  return 4 * model.width * model.width + 2 * model.width * model.mlp_width;
}

int64_t OtherElementsOfBlock(const ModelSpec& model) {
  const int64_t gains = 2 * model.width;
  const int64_t norm_biases = 2 * model.width;
  const int64_t linear_biases = (3 + 1 + 1) * model.width + model.mlp_width;
  return gains + (model.bias ? norm_biases + linear_biases : 0);
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
  Listing listing(model.bias);
  listing.Add("token_embedding.weight", {model.vocab_size, model.width}, ParameterGroup::kEmbedding);
  listing.Add("position_embedding.weight", {model.context, model.width}, ParameterGroup::kPosition);
  for (int64_t layer = 0; layer < model.layers; ++layer) {
    const std::string block = "blocks." + std::to_string(layer) + ".";
    listing.Norm(block + "norm1", model.width);
    listing.Linear(block + "attention.qkv", 3 * model.width, model.width, ParameterGroup::kAttention);
    listing.Linear(block + "attention.output", model.width, model.width, ParameterGroup::kAttention);
    listing.Norm(block + "norm2", model.width);
    listing.Linear(block + "mlp.up", model.mlp_width, model.width, ParameterGroup::kMlp);
    listing.Linear(block + "mlp.down", model.width, model.mlp_width, ParameterGroup::kMlp);
  }
  listing.Norm("final_norm", model.width);
  if (!model.tie_output)
    listing.Add("output.weight", {model.vocab_size, model.width}, ParameterGroup::kOutput);
  return listing.Take();
}

int64_t CountParameters(const ModelSpec& model) {
  const int64_t tables = (model.vocab_size * (model.tie_output ? 1 : 2) + model.context) * model.width;
  const int64_t final_norm = model.width * (model.bias ? 2 : 1);
  return tables + model.layers * (LinearWeightsOfBlock(model) + OtherElementsOfBlock(model)) + final_norm;
}

bool HasGroup(const ModelSpec& model, ParameterGroup group) {
  if (group == ParameterGroup::kOutput) return !model.tie_output;
  if (group == ParameterGroup::kBias) return model.bias;
  return true;
}

// All blocks are alike, so two models of few blocks tell of any depth.
StateBytes BytesOfState(const TrainingSpec& spec) {
  const int64_t bytes_per_element = spec.training.precision == Precision::kPureBf16 ? 2 : 4;
  const int64_t one_copy = CountParameters(spec.model) * bytes_per_element;
  ModelSpec model = spec.model;
  model.layers = 1;
  const int64_t with_one = BytesOfOptimizer(spec, Parameters(model));
  model.layers = 2;
  const int64_t of_block = BytesOfOptimizer(spec, Parameters(model)) - with_one;
  const int64_t average = spec.averaging.IsOn() ? CountParameters(spec.model) * 4 : 0;
  return {one_copy, one_copy, with_one + (spec.model.layers - 1) * of_block, average};
}

double FlopsPerToken(const ModelSpec& model, int64_t sequence_length) {
  const double weights = static_cast<double>(model.layers * LinearWeightsOfBlock(model)) +
                         static_cast<double>(model.vocab_size * model.width);
  const double attention = 12.0 * static_cast<double>(model.layers) * static_cast<double>(model.width) *
                           static_cast<double>(sequence_length);
  return 6.0 * weights + attention;
}

}  // namespace optfleet::spec
