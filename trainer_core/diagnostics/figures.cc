#include "trainer_core/diagnostics/figures.h"

#include <ATen/ATen.h>

namespace optfleet::trainer {

void Figures::Add(std::string key, const at::Tensor& scalar) {
  if (scalar.is_cpu()) return Add(std::move(key), scalar.item<double>());
  pending_.push_back({values_.size(), scalar.detach().reshape({}).to(at::kDouble)});
  values_.emplace_back(std::move(key), 0.0);
}

std::vector<std::pair<std::string, double>> Figures::Take() {
  if (!pending_.empty()) {
    std::vector<at::Tensor> scalars;
    for (const Pending& pending : pending_) scalars.push_back(pending.scalar);
    const at::Tensor read = at::stack(scalars).to(at::kCPU);
    for (size_t i = 0; i < pending_.size(); ++i)
      values_[pending_[i].place].second = read.const_data_ptr<double>()[i];
    pending_.clear();
  }
  return std::exchange(values_, {});
}

}  // namespace optfleet::trainer
