// Steps of rules on a GPU, by the kernels of rules/cuda: queued on LibTorch's current stream, nothing waits.
#pragma once

#include <ATen/core/TensorBody.h>

#include <vector>

#include "trainer_core/optim/rule.h"
#include "trainer_core/rules/cuda/update.h"

namespace optfleet::trainer {

// One step of a rule of rules/element.h on all items, whose weights and states are all fp32 or all bf16.
template <class Kernel>
void UpdateOnDevice(const Kernel& kernel, const rules::cuda::DeviceGradient& gradient,
                    const std::vector<Item>& items);

// The same with states in 8 bits: codes and scales lie one after the other in the list of states, second
// moments after momenta. Keeps the tables of codes on the device.
class QuantisedOnDevice {
 public:
  template <class Kernel>
  void Update(const Kernel& kernel, const rules::cuda::DeviceGradient& gradient, int block,
              const std::vector<Item>& items);

 private:
  at::Tensor tables_;
};

}  // namespace optfleet::trainer
