// While it lives, products run in bfloat16 (autocast); weights, norms, softmax and the loss stay fp32. Scopes
// nest; weight casts are cached until the outermost one ends. One thread.
#pragma once

#include <ATen/autocast_mode.h>
#include <c10/core/Device.h>

namespace optfleet::trainer {

class PrecisionScope {
 public:
  // bf16 false: changes nothing.
  PrecisionScope(c10::DeviceType device, bool bf16) : device_(device), bf16_(bf16) {
    if (!bf16_) return;
    was_enabled_ = at::autocast::is_autocast_enabled(device_);
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::set_autocast_enabled(device_, true);
    at::autocast::increment_nesting();
  }
  ~PrecisionScope() {
    if (!bf16_) return;
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, was_enabled_);
  }
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  c10::DeviceType device_;
  bool bf16_;
  bool was_enabled_ = false;
};

}  // namespace optfleet::trainer
