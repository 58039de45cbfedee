#include "trainer_core/model/init.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <string>

namespace optfleet::trainer {
namespace {

bool WritesResidual(const std::string& name) {
  return name.ends_with(".attention.output.weight") || name.ends_with(".mlp.down.weight");
}

// From 1: "blocks.0." is the first.
double LayerOf(const std::string& name) {
  return static_cast<double>(1 + std::stoll(name.substr(std::string("blocks.").size())));
}

double Root(int64_t number) { return std::sqrt(static_cast<double>(number)); }

// By the inverse of the distribution, as torch.nn.init.trunc_normal_.
void DrawTruncated(double deviation, at::Generator generator, at::Tensor* drawn) {
  constexpr double kCut = 3;
  const double edge = std::erf(kCut / std::sqrt(2.0));
  drawn->uniform_(-edge, edge, generator);
  drawn->erfinv_().mul_(deviation * std::sqrt(2.0)).clamp_(-kCut * deviation, kCut * deviation);
}

double TruncatedDeviation(const spec::ModelSpec& model, const std::string& name) {
  if (!WritesResidual(name)) return 1 / Root(model.width);
  const bool is_mlp = name.ends_with(".mlp.down.weight");
  return 1 / Root(is_mlp ? model.mlp_width : model.width) / std::sqrt(2 * LayerOf(name));
}

void DrawMatrix(const spec::ModelSpec& model, const std::string& name, at::Generator generator,
                at::Tensor* drawn) {
  switch (model.init) {
    case spec::InitKind::kNormal: {
      const double residual_std = model.init_std / std::sqrt(2.0 * static_cast<double>(model.layers));
      drawn->normal_(0.0, WritesResidual(name) ? residual_std : model.init_std, generator);
      return;
    }
    case spec::InitKind::kTruncatedByLayer:
      DrawTruncated(TruncatedDeviation(model, name), generator, drawn);
      return;
    case spec::InitKind::kXavier:
      if (name.ends_with("_embedding.weight")) {
        drawn->normal_(0.0, 1 / Root(model.width), generator);
      } else {
        const double edge = std::sqrt(6.0 / static_cast<double>(drawn->size(0) + drawn->size(1)));
        drawn->uniform_(-edge, edge, generator);
      }
      return;
  }
}

}  // namespace

void InitializeWeights(const spec::ModelSpec& model, int64_t seed, const NamedTensors& parameters) {
  at::NoGradGuard no_grad;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<uint64_t>(seed));
  for (const auto& [name, tensor] : parameters) {
    if (tensor.dim() > 1) {
      at::Tensor drawn = at::empty(tensor.sizes(), at::kFloat);
      DrawMatrix(model, name, generator, &drawn);
      tensor.copy_(drawn);
    } else if (name.ends_with(".residual_mix.weight")) {
      tensor.fill_(0.0);
      tensor[-1].fill_(1.0);
    } else {
      tensor.fill_(name.ends_with(".weight") ? 1.0 : 0.0);  // a norm's gain, or a bias
    }
  }
}

}  // namespace optfleet::trainer
