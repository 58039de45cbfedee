#include "trainer_core/optim/cuda/device_update.h"

#include <ATen/ATen.h>

#include "trainer_core/optim/cuda/stream.h"
#include "trainer_core/optim/element_kernels.h"

namespace optfleet::trainer {
namespace {

// Weight, gradient and states are of one type.
template <class Number, class Kernel>
void UpdateAll(const Kernel& kernel, const rules::cuda::DeviceGradient& gradient,
               const std::vector<Item>& items) {
  std::vector<rules::Elements<Number, Number>> tensors;
  tensors.reserve(items.size());
  for (const Item& item : items) {
    rules::Elements<Number, Number> elements{
        NumbersOf<Number>(item.weight), NumbersOf<Number>(item.weight.grad()), {}, item.count()};
    for (size_t i = 0; i < Kernel::kStates; ++i) elements.states[i] = NumbersOf<Number>(item.states[i]);
    tensors.push_back(elements);
  }
  rules::cuda::Update(kernel, gradient, std::span<const rules::Elements<Number, Number>>(tensors),
                      CurrentStream());
}

rules::QuantisedState StateAt(const Item& item, size_t codes) {
  return {NumbersOf<uint8_t>(item.states[codes]), item.state(codes + 1)};
}

at::Tensor CodeTablesOn(at::Device device) {
  const rules::cuda::CodeTables tables = rules::cuda::MakeCodeTables();
  const at::Tensor bytes = at::empty({static_cast<int64_t>(sizeof tables)}, at::kByte);
  std::memcpy(bytes.mutable_data_ptr(), &tables, sizeof tables);
  return bytes.to(device);
}

}  // namespace

template <class Kernel>
void UpdateOnDevice(const Kernel& kernel, const rules::cuda::DeviceGradient& gradient,
                    const std::vector<Item>& items) {
  if (items.empty()) return;
  if (items.front().weight.scalar_type() == at::kBFloat16)
    UpdateAll<rules::BFloat16>(kernel, gradient, items);
  else
    UpdateAll<float>(kernel, gradient, items);
}

template <class Kernel>
void QuantisedOnDevice::Update(const Kernel& kernel, const rules::cuda::DeviceGradient& gradient, int block,
                               const std::vector<Item>& items) {
  if (items.empty()) return;
  if (!tables_.defined()) tables_ = CodeTablesOn(items.front().weight.device());
  std::vector<rules::QuantisedElements> tensors;
  tensors.reserve(items.size());
  for (const Item& item : items) {
    rules::QuantisedElements elements{item.weights(), item.gradients(), StateAt(item, 0), {}, item.count(),
                                      block};
    if (Kernel::kStates == 2) elements.second_moment = StateAt(item, 2);
    tensors.push_back(elements);
  }
  rules::cuda::Update(kernel, gradient, std::span<const rules::QuantisedElements>(tensors),
                      NumbersOf<const rules::cuda::CodeTables>(tables_), CurrentStream());
}

#define OPTFLEET_ON_DEVICE(Kernel)                                                       \
  template void UpdateOnDevice(const rules::Kernel&, const rules::cuda::DeviceGradient&, \
                               const std::vector<Item>&);
OPTFLEET_ON_DEVICE(PlainSgd)
OPTFLEET_ON_DEVICE(MomentumSgd)
OPTFLEET_ON_DEVICE(Adam)
OPTFLEET_ON_DEVICE(Lion)
OPTFLEET_ON_DEVICE(AdEmaMix)
OPTFLEET_ON_DEVICE(ScheduleFreeSgd)
OPTFLEET_ON_DEVICE(ScheduleFreeAdamW)
OPTFLEET_ON_DEVICE(Sophia)
OPTFLEET_ON_DEVICE(SophiaCurvature)
#undef OPTFLEET_ON_DEVICE
template void QuantisedOnDevice::Update(const rules::Adam&, const rules::cuda::DeviceGradient&, int,
                                        const std::vector<Item>&);
template void QuantisedOnDevice::Update(const rules::Lion&, const rules::cuda::DeviceGradient&, int,
                                        const std::vector<Item>&);

}  // namespace optfleet::trainer
