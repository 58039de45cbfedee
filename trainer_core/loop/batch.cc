#include "trainer_core/loop/batch.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "trainer_core/data/sampler.h"

namespace optfleet::trainer {
namespace {

Batch EmptyBatch(int64_t rows, int64_t sequence_length) {
  return {at::empty({rows, sequence_length}, at::kLong), at::empty({rows, sequence_length}, at::kLong)};
}

std::span<int64_t> Numbers(const at::Tensor& tensor) {
  return {tensor.mutable_data_ptr<int64_t>(), static_cast<size_t>(tensor.numel())};
}

Batch OnDevice(const Batch& batch, at::Device device) {
  return {batch.inputs.to(device), batch.targets.to(device)};
}

}  // namespace

Batch MakeBatch(const data::Tokens& part, std::span<const int64_t> starts, int64_t sequence_length,
                at::Device device) {
  const Batch batch = EmptyBatch(static_cast<int64_t>(starts.size()), sequence_length);
  FillSequences(part, starts, sequence_length, Numbers(batch.inputs), Numbers(batch.targets));
  return OnDevice(batch, device);
}

Batch MakeBatch(std::span<const int64_t> inputs, std::span<const int64_t> targets, int64_t sequence_length,
                at::Device device) {
  const Batch batch = EmptyBatch(static_cast<int64_t>(inputs.size()) / sequence_length, sequence_length);
  std::copy(inputs.begin(), inputs.end(), Numbers(batch.inputs).begin());
  std::copy(targets.begin(), targets.end(), Numbers(batch.targets).begin());
  return OnDevice(batch, device);
}

}  // namespace optfleet::trainer
