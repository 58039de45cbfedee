#include "spec/model_size.h"

#include <algorithm>
#include <cmath>

#include "spec/parameters.h"

namespace optfleet::spec {
namespace {

constexpr int64_t kMostLayers = 4096;      // the range of model.layers
constexpr int64_t kMostWidth = 1'048'576;  // the range of model.width

// With everything that follows from width and layers.
ModelSpec Filled(ModelSpec model) {
  if (model.head_width > 0) model.heads = std::max<int64_t>(1, model.width / model.head_width);
  if (model.mlp_width == 0) model.mlp_width = 4 * model.width;
  return model;
}

double SizeOf(const ModelSpec& asked, int64_t amount, int64_t unit) {
  ModelSpec model = asked;
  (model.derive == Derive::kWidth ? model.width : model.layers) = amount * unit;
  model = Filled(model);
  return static_cast<double>(asked.block_parameters > 0 ? CountBlockWeights(model) : CountParameters(model));
}

}  // namespace

int64_t CountBlockWeights(const ModelSpec& model) {
  const int64_t attention = 2 * model.width * (model.width + model.key_value_width());
  const int64_t mlp = (model.has_gate() ? 3 : 2) * model.width * model.mlp_width;
  return model.layers * (attention + mlp);
}

double ParametersOfFlops(double flops, double tokens_per_parameter) {
  return std::sqrt(flops / (6 * tokens_per_parameter));
}

double TokensOfFlops(double flops, double parameters) { return flops / (6 * parameters); }

std::optional<ModelSpec> Sized(ModelSpec model) {
  const bool by_width = model.derive == Derive::kWidth;
  const double wanted = model.block_parameters > 0
                            ? static_cast<double>(model.block_parameters)
                            : ParametersOfFlops(model.from_flops, model.tokens_per_parameter);
  const int64_t unit = !by_width ? 1 : model.head_width > 0 ? model.head_width : 2 * model.heads;
  // Sizes grow with the amount: the largest that is not above what is wanted, or the next.
  int64_t low = 1, high = (by_width ? kMostWidth : kMostLayers) / unit;
  if (high < 1) return std::nullopt;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (SizeOf(model, middle, unit) <= wanted)
      low = middle;
    else
      high = middle - 1;
  }
  const int64_t most = (by_width ? kMostWidth : kMostLayers) / unit;
  const auto miss = [&](int64_t amount) { return std::abs(SizeOf(model, amount, unit) - wanted); };
  const int64_t best = low < most && miss(low + 1) < miss(low) ? low + 1 : low;
  const double size = SizeOf(model, best, unit);
  if (size > 2 * wanted || size < wanted / 2) return std::nullopt;
  (by_width ? model.width : model.layers) = best * unit;
  model.block_parameters = 0;
  model.from_flops = 0;
  return model;
}

}  // namespace optfleet::spec
