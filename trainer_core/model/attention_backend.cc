#include "trainer_core/model/attention_backend.h"

#include <ATen/ATen.h>
#include <ATen/SDPBackend.h>

#include <array>
#include <optional>

#include "trainer_core/model/attention.h"
#include "trainer_core/model/positions.h"

namespace optfleet::trainer {
namespace {

using spec::Attention;

struct Backend {
  Attention kernel;
  at::SDPBackend library;
  const char* name;
};

constexpr std::array<Backend, 4> kBackends{
    Backend{Attention::kSdpaFlash, at::SDPBackend::flash_attention, "sdpa_flash"},
    Backend{Attention::kSdpaMemoryEfficient, at::SDPBackend::efficient_attention, "sdpa_memory_efficient"},
    Backend{Attention::kSdpaCudnn, at::SDPBackend::cudnn_attention, "sdpa_cudnn"},
    Backend{Attention::kSdpaMath, at::SDPBackend::math, "sdpa_math"}};

// One sequence of the run, as sdpa will see it.
struct Sample {
  at::Tensor heads;  // of queries, keys and values alike
  std::optional<at::Tensor> bias;
};

Sample SampleOf(const spec::TrainingSpec& spec, at::Device device) {
  const bool bf16 = spec.training.precision != spec::Precision::kFp32;
  const auto form = at::TensorOptions().device(device).dtype(bf16 ? at::kBFloat16 : at::kFloat);
  const int64_t length = spec.data.sequence_length;
  Sample sample{at::zeros({1, spec.model.heads, length, spec.model.width_of_head()}, form).requires_grad_(),
                {}};
  if (spec.model.position == spec::PositionKind::kAlibi)
    sample.bias = AlibiMask(spec.model.heads, length, form).unsqueeze(0);
  return sample;
}

// Nothing if LibTorch has no kernel under the switches.
std::optional<at::SDPBackend> ChoiceOf(const Sample& sample, double dropout, Attention kernel) {
  const BackendScope scope(kernel);
  try {
    const int64_t choice =
        at::_fused_sdp_choice(sample.heads, sample.heads, sample.heads, sample.bias, dropout,
                              /*is_causal=*/!sample.bias.has_value());
    const auto backend = static_cast<at::SDPBackend>(choice);
    if (backend == at::SDPBackend::error) return std::nullopt;
    return backend;
  } catch (const c10::Error&) {
    return std::nullopt;
  }
}

const char* NameOf(Attention kernel) {
  for (const Backend& backend : kBackends)
    if (backend.kernel == kernel) return backend.name;
  return "sdpa";
}

std::string NamesOfThoseThatRun(const Sample& sample, double dropout) {
  std::string names;
  for (const Backend& backend : kBackends)
    if (ChoiceOf(sample, dropout, backend.kernel) == backend.library)
      names.append(names.empty() ? "" : ", ").append(backend.name);
  return names.empty() ? "none of them" : names;
}

}  // namespace

BackendScope::BackendScope(Attention kernel) : bound_(spec::IsSdpa(kernel) && kernel != Attention::kSdpa) {
  if (!bound_) return;
  auto& context = at::globalContext();
  flash_ = context.userEnabledFlashSDP();
  memory_efficient_ = context.userEnabledMemEfficientSDP();
  cudnn_ = context.userEnabledCuDNNSDP();
  math_ = context.userEnabledMathSDP();
  context.setSDPUseFlash(kernel == Attention::kSdpaFlash);
  context.setSDPUseMemEfficient(kernel == Attention::kSdpaMemoryEfficient);
  context.setSDPUseCuDNN(kernel == Attention::kSdpaCudnn);
  context.setSDPUseMath(kernel == Attention::kSdpaMath);
}

BackendScope::~BackendScope() {
  if (!bound_) return;
  auto& context = at::globalContext();
  context.setSDPUseFlash(flash_);
  context.setSDPUseMemEfficient(memory_efficient_);
  context.setSDPUseCuDNN(cudnn_);
  context.setSDPUseMath(math_);
}

Result<std::string> AttentionUsed(const spec::TrainingSpec& spec, at::Device device) {
  const Attention kernel = ChooseAttention(spec, device.type());
  if (kernel == Attention::kManual) return std::string("manual");
  const double dropout = spec.model.attention_dropout;
  const Sample sample = SampleOf(spec, device);
  const auto choice = ChoiceOf(sample, dropout, kernel);
  for (const Backend& backend : kBackends) {
    if (choice != backend.library) continue;
    if (kernel == Attention::kSdpa || kernel == backend.kernel) return std::string(backend.name);
  }
  return Fail(Code::kFailedPrecondition,
              std::string("`model.attention` ") + NameOf(kernel) + " does not run on this device (" +
                  (device.is_cuda() ? "cuda" : "cpu") +
                  ") with this model's heads and positions; those that do: " +
                  NamesOfThoseThatRun(sample, dropout) + "; name one of these, or manual, sdpa or auto");
}

}  // namespace optfleet::trainer
