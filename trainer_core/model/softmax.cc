#include "trainer_core/model/softmax.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

namespace optfleet::trainer {
namespace {

// Autocast would widen exponentials and sums.
class WithoutAutocast {
 public:
  explicit WithoutAutocast(at::DeviceType device)
      : device_(device), was_enabled_(at::autocast::is_autocast_enabled(device)) {
    at::autocast::set_autocast_enabled(device_, false);
  }
  ~WithoutAutocast() { at::autocast::set_autocast_enabled(device_, was_enabled_); }
  WithoutAutocast(const WithoutAutocast&) = delete;
  WithoutAutocast& operator=(const WithoutAutocast&) = delete;

 private:
  const at::DeviceType device_;
  const bool was_enabled_;
};

// Below the largest of its row.
at::Tensor Shifted(const at::Tensor& x) {
  const at::Tensor narrow = x.to(at::kBFloat16);
  return narrow - narrow.detach().amax(-1, /*keepdim=*/true);
}

}  // namespace

at::Tensor Softmax(const at::Tensor& x, spec::SoftmaxPrecision precision) {
  if (precision == spec::SoftmaxPrecision::kFp32) return at::softmax(x, -1, at::kFloat);
  const WithoutAutocast scope(x.device().type());
  const at::Tensor powers = Shifted(x).exp();
  return powers / powers.sum(-1, /*keepdim=*/true);
}

at::Tensor LogSoftmax(const at::Tensor& x, spec::SoftmaxPrecision precision) {
  if (precision == spec::SoftmaxPrecision::kFp32) return at::log_softmax(x, -1, at::kFloat);
  const WithoutAutocast scope(x.device().type());
  const at::Tensor shifted = Shifted(x);
  return shifted - shifted.exp().sum(-1, /*keepdim=*/true).log();
}

}  // namespace optfleet::trainer
