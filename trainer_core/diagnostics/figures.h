// Named numbers of one step. Those that lie on a GPU are copied from it all at once, when they are taken.
// Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <string>
#include <utility>
#include <vector>

namespace optfleet::trainer {

class Figures {
 public:
  void Add(std::string key, double value) { values_.emplace_back(std::move(key), value); }
  void Add(std::string key, const at::Tensor& scalar);  // of one element, on any device

  // Everything added, in that order; afterwards there is nothing.
  std::vector<std::pair<std::string, double>> Take();

 private:
  struct Pending {
    size_t place;  // in values_
    at::Tensor scalar;
  };
  std::vector<std::pair<std::string, double>> values_;
  std::vector<Pending> pending_;
};

}  // namespace optfleet::trainer
