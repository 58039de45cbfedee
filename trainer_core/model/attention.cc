#include "trainer_core/model/attention.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "trainer_core/model/softmax.h"

namespace optfleet::trainer {
namespace {

at::Tensor HandWritten(const at::Tensor& qkv, const at::Tensor& mask, const AttentionOptions& options) {
  // One copy lays q, k and v out as [3, batch x heads, length, head width].
  const int64_t batch = qkv.size(1), heads = qkv.size(2), length = qkv.size(3), head_width = qkv.size(4);
  const auto parts = qkv.reshape({3, batch * heads, length, head_width}).unbind(0);
  const at::Tensor visible =
      mask.slice(0, 0, length).slice(1, 0, length).unsqueeze(0).expand({batch * heads, length, length});
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_width));
  const at::Tensor scores =
      at::baddbmm(visible, parts[0], parts[1].transpose(1, 2), /*beta=*/1, /*alpha=*/scale);
  at::Tensor probabilities = Softmax(scores, options.softmax);
  if (options.dropout > 0) probabilities = at::dropout(probabilities, options.dropout, /*train=*/true);
  return at::bmm(probabilities.to(parts[2].scalar_type()), parts[2]).view({batch, heads, length, head_width});
}

}  // namespace

spec::Attention ChooseAttention(const spec::TrainingSpec& spec, at::DeviceType device) {
  if (spec.model.attention != spec::Attention::kAuto) return spec.model.attention;
  if (spec.training.softmax_precision == spec::SoftmaxPrecision::kBf16) return spec::Attention::kManual;
  if (device != at::kCPU) return spec::Attention::kSdpa;
  const bool slow_fused_kernel =
      spec.training.precision != spec::Precision::kFp32 || spec.model.attention_dropout > 0;
  return slow_fused_kernel ? spec::Attention::kManual : spec::Attention::kSdpa;
}

at::Tensor CausalMask(int64_t length, at::Device device, at::ScalarType type) {
  const double hidden = -std::numeric_limits<double>::infinity();
  return at::full({length, length}, hidden, at::TensorOptions().device(device).dtype(type)).triu_(1);
}

at::Tensor Attend(const at::Tensor& qkv, const at::Tensor& mask, const AttentionOptions& options) {
  const int64_t batch = qkv.size(0), length = qkv.size(1), width = qkv.size(2) / 3;
  const at::Tensor by_head =
      qkv.view({batch, length, 3, options.heads, width / options.heads}).permute({2, 0, 3, 1, 4});
  at::Tensor mixed;
  if (options.kernel == spec::Attention::kManual) {
    mixed = HandWritten(by_head, mask, options);
  } else {
    const auto parts = by_head.unbind(0);
    mixed = at::scaled_dot_product_attention(parts[0], parts[1], parts[2], /*attn_mask=*/{}, options.dropout,
                                             /*is_causal=*/true);
  }
  return mixed.transpose(1, 2).reshape({batch, length, width});
}

}  // namespace optfleet::trainer
