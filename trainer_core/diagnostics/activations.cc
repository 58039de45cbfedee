#include "trainer_core/diagnostics/activations.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "trainer_core/diagnostics/sums.h"

namespace optfleet::trainer {
namespace {

constexpr int64_t kMostHeads = 2;
constexpr int64_t kMostRows = 128;

// A forward pass may run under autocast, which would turn our fp32 products into bf16 ones.
struct PlainFp32 {
  at::NoGradGuard no_grad;
  c10::impl::ExcludeDispatchKeyGuard no_autocast{c10::autocast_dispatch_keyset};
};

bool Holds(const std::vector<int64_t>& layers, int64_t layer) {
  return std::binary_search(layers.begin(), layers.end(), layer);
}

std::string KeyOf(const char* figure, int64_t layer) {
  return figure + std::string("/blocks.") + std::to_string(layer);
}

}  // namespace

std::vector<int64_t> ChosenLayers(spec::LayerChoice choice, int64_t layers) {
  std::vector<int64_t> chosen;
  if (choice == spec::LayerChoice::kEnds) chosen = {0, layers / 2, layers - 1};
  for (int64_t layer = 0; choice == spec::LayerChoice::kAll && layer < layers; ++layer)
    chosen.push_back(layer);
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

at::Tensor AttentionRows(const AttentionScores& scores, int64_t most_heads, int64_t most_rows) {
  const int64_t all_heads = scores.queries.size(1), key_heads = scores.keys.size(1);
  const int64_t heads = std::min(most_heads, all_heads), rows = std::min(most_rows, scores.queries.size(2));
  std::vector<at::Tensor> keys;
  for (int64_t head = 0; head < heads; ++head)
    keys.push_back(scores.keys.select(1, head * key_heads / all_heads).slice(1, 0, rows));
  const at::Tensor q = scores.queries.slice(1, 0, heads).slice(2, 0, rows).to(at::kFloat);
  const at::Tensor k = at::stack(keys, 1).to(at::kFloat);
  at::Tensor logits = at::matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(3)));
  if (scores.bias.defined())
    logits = logits + scores.bias.slice(0, 0, heads).slice(1, 0, rows).slice(2, 0, rows).to(at::kFloat);
  const at::Tensor hidden = at::ones({rows, rows}, logits.options().dtype(at::kBool)).triu(1);
  return at::softmax(logits.masked_fill(hidden, -std::numeric_limits<double>::infinity()), -1);
}

ActivationFigures::ActivationFigures(const spec::TrainingSpec& spec)
    : output_layers_(ChosenLayers(spec.diagnostics.activation_rms, spec.model.layers)),
      score_layers_(ChosenLayers(spec.diagnostics.attention_entropy, spec.model.layers)) {}

void ActivationFigures::Mean::Add(const at::Tensor& term, double terms) {
  sum = sum.defined() ? sum + term : term;
  count += terms;
}

void ActivationFigures::SeeBlockOutput(int64_t layer, const at::Tensor& output) {
  if (!Holds(output_layers_, layer)) return;
  const PlainFp32 plain;
  outputs_[layer].Add(SumOfSquares(output), static_cast<double>(output.numel()));
}

bool ActivationFigures::WantsScores(int64_t layer) const { return Holds(score_layers_, layer); }

void ActivationFigures::SeeScores(int64_t layer, const AttentionScores& scores) {
  const PlainFp32 plain;
  const at::Tensor rows =
      AttentionRows({scores.queries.detach(), scores.keys.detach(), scores.bias}, kMostHeads, kMostRows);
  const at::Tensor entropy = at::special_entr(rows).sum(-1);
  entropies_[layer].Add(entropy.mean().to(at::kDouble), 1);
}

void ActivationFigures::BeforeUpdate(const UpdateView&, Figures* figures) {
  for (const auto& [layer, mean] : outputs_)
    figures->Add(KeyOf("activation_rms", layer), (mean.sum / mean.count).sqrt());
  for (const auto& [layer, mean] : entropies_)
    figures->Add(KeyOf("attention_entropy", layer), mean.sum / mean.count);
  outputs_.clear();
  entropies_.clear();
}

}  // namespace optfleet::trainer
