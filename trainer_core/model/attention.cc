#include "trainer_core/model/attention.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "spec/attention_kernel.h"
#include "trainer_core/model/attention_backend.h"
#include "trainer_core/model/softmax.h"

namespace optfleet::trainer {
namespace {

// Each [batch, heads, length, head width].
struct Heads {
  at::Tensor q, k, v;
};

// The front of a mask that may be larger.
at::Tensor MaskOf(const at::Tensor& mask, int64_t length) {
  return mask.slice(-2, 0, length).slice(-1, 0, length);
}

at::Tensor Scores(const at::Tensor& q, const at::Tensor& k, const at::Tensor& mask) {
  const int64_t length = q.size(-2);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
  const at::Tensor visible = MaskOf(mask, length);
  if (visible.dim() == 3)  // of each head: in place, as scores are what is largest here
    return at::matmul(q, k.transpose(-2, -1)).mul_(scale).add_(visible);
  const int64_t matrices = q.size(0);
  return at::baddbmm(visible.unsqueeze(0).expand({matrices, length, length}), q, k.transpose(1, 2),
                     /*beta=*/1,
                     /*alpha=*/scale);
}

at::Tensor HandWritten(const Heads& heads, const at::Tensor& mask, const AttentionOptions& options) {
  const at::Tensor scores = Scores(heads.q, heads.k, mask);
  at::Tensor probabilities = Softmax(scores, options.softmax);
  if (options.dropout > 0) probabilities = at::dropout(probabilities, options.dropout, /*train=*/true);
  const at::Tensor shares = probabilities.to(heads.v.scalar_type());
  return shares.dim() == 3 ? at::bmm(shares, heads.v) : at::matmul(shares, heads.v);
}

at::Tensor Fused(const Heads& heads, const at::Tensor& mask, const AttentionOptions& options) {
  const BackendScope backend(options.kernel);
  if (!mask.defined() || mask.dim() == 2)
    return at::scaled_dot_product_attention(heads.q, heads.k, heads.v, /*attn_mask=*/{}, options.dropout,
                                            /*is_causal=*/true);
  const at::Tensor bias = MaskOf(mask, heads.q.size(-2)).unsqueeze(0);
  return at::scaled_dot_product_attention(heads.q, heads.k, heads.v, bias, options.dropout,
                                          /*is_causal=*/false);
}

bool IsPlain(const AttentionOptions& options, const QueryKeyParts& parts) {
  const bool grouped = options.kv_heads != 0 && options.kv_heads != options.heads;
  return !grouped && !parts.q_norm.gain.defined() && !parts.rotary.cosines.defined();
}

// [3, batch, heads, length, head width]
at::Tensor SplitPlain(const at::Tensor& qkv, int64_t heads) {
  const int64_t batch = qkv.size(0), length = qkv.size(1), width = qkv.size(2) / 3;
  return qkv.view({batch, length, 3, heads, width / heads}).permute({2, 0, 3, 1, 4});
}

Heads HeadsOf(const at::Tensor& three) {
  const auto parts = three.unbind(0);
  return {parts[0], parts[1], parts[2]};
}

// The same key or value for each query head of its group.
at::Tensor Repeated(const at::Tensor& heads, int64_t times) {
  return times == 1 ? heads : at::repeat_interleave(heads, times, /*dim=*/1);
}

Heads Split(const at::Tensor& qkv, const AttentionOptions& options, const QueryKeyParts& parts) {
  const int64_t batch = qkv.size(0), length = qkv.size(1);
  const int64_t kv_heads = options.kv_heads == 0 ? options.heads : options.kv_heads;
  const int64_t head_width = qkv.size(2) / (options.heads + 2 * kv_heads);
  auto three = at::split_with_sizes(
      qkv, {options.heads * head_width, kv_heads * head_width, kv_heads * head_width}, -1);
  if (parts.q_norm.gain.defined()) {
    three[0] = Norm(three[0], parts.q_norm, parts.norm);
    three[1] = Norm(three[1], parts.k_norm, parts.norm);
  }
  const auto by_head = [&](const at::Tensor& x) {
    return x.view({batch, length, -1, head_width}).transpose(1, 2);
  };
  Heads heads{by_head(three[0]), by_head(three[1]), by_head(three[2])};
  if (parts.rotary.cosines.defined()) {
    heads.q = Rotate(heads.q, parts.rotary);
    heads.k = Rotate(heads.k, parts.rotary);
  }
  heads.k = Repeated(heads.k, options.heads / kv_heads);
  heads.v = Repeated(heads.v, options.heads / kv_heads);
  return heads;
}

// Products under a mask that all heads share are those of batch x heads matrices, each laid out by itself.
at::Tensor OfMatrices(const at::Tensor& heads) {
  return heads.reshape({heads.size(0) * heads.size(1), heads.size(2), heads.size(3)});
}

at::Tensor ManualWithSharedMask(const at::Tensor& qkv, const at::Tensor& mask,
                                const AttentionOptions& options, const QueryKeyParts& parts) {
  const int64_t batch = qkv.size(0), length = qkv.size(1);
  if (IsPlain(options, parts)) {  // one copy for all three
    const at::Tensor three = SplitPlain(qkv, options.heads);
    return HandWritten(HeadsOf(three.reshape({3, batch * options.heads, length, three.size(4)})), mask,
                       options);
  }
  const Heads heads = Split(qkv, options, parts);
  return HandWritten({OfMatrices(heads.q), OfMatrices(heads.k), OfMatrices(heads.v)}, mask, options);
}

}  // namespace

spec::Attention ChooseAttention(const spec::TrainingSpec& spec, at::DeviceType device) {
  return spec::AttentionKernel(spec, /*on_gpu=*/device != at::kCPU);
}

at::Tensor CausalMask(int64_t length, at::Device device, at::ScalarType type) {
  const double hidden = -std::numeric_limits<double>::infinity();
  return at::full({length, length}, hidden, at::TensorOptions().device(device).dtype(type)).triu_(1);
}

at::Tensor Attend(const at::Tensor& qkv, const at::Tensor& mask, const AttentionOptions& options,
                  const QueryKeyParts& parts) {
  const int64_t batch = qkv.size(0), length = qkv.size(1);
  const bool manual = options.kernel == spec::Attention::kManual;
  at::Tensor mixed;
  if (manual && mask.dim() == 2) {
    mixed = ManualWithSharedMask(qkv, mask, options, parts).view({batch, options.heads, length, -1});
  } else {
    const bool plain = IsPlain(options, parts);
    const Heads heads = plain ? HeadsOf(SplitPlain(qkv, options.heads)) : Split(qkv, options, parts);
    mixed = manual ? HandWritten(heads, mask, options) : Fused(heads, mask, options);
  }
  return mixed.transpose(1, 2).reshape({batch, length, -1});
}

AttentionScores ScoresOf(const at::Tensor& qkv, const at::Tensor& mask, const AttentionOptions& options,
                         const QueryKeyParts& parts) {
  const at::NoGradGuard no_grad;
  const Heads heads = Split(qkv, options, parts);
  AttentionScores scores{heads.q, heads.k};
  if (mask.defined() && mask.dim() == 3) scores.bias = MaskOf(mask, qkv.size(1));
  return scores;
}

}  // namespace optfleet::trainer
