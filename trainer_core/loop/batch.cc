#include "trainer_core/loop/batch.h"

#include <ATen/ATen.h>

#include "trainer_core/data/sampler.h"

namespace optfleet::trainer {

Batch MakeBatch(std::span<const uint8_t> part, std::span<const int64_t> starts, int64_t sequence_length,
                at::Device device) {
  const auto rows = static_cast<int64_t>(starts.size());
  const at::Tensor inputs = at::empty({rows, sequence_length}, at::kLong);
  const at::Tensor targets = at::empty({rows, sequence_length}, at::kLong);
  const auto numbers = [](const at::Tensor& tensor) {
    return std::span<int64_t>(tensor.mutable_data_ptr<int64_t>(), static_cast<size_t>(tensor.numel()));
  };
  FillSequences(part, starts, sequence_length, numbers(inputs), numbers(targets));
  return {inputs.to(device), targets.to(device)};
}

}  // namespace optfleet::trainer
