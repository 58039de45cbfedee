#include "trainer_core/model/random_state.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <mutex>

namespace optfleet::trainer {
namespace {

at::Generator GeneratorOf(at::Device device) { return at::globalContext().defaultGenerator(device); }

}  // namespace

void SeedRandom(at::Device device, int64_t seed) {
  at::Generator generator = GeneratorOf(device);
  std::lock_guard lock(generator.mutex());
  generator.set_current_seed(static_cast<uint64_t>(seed));
}

at::Tensor SaveRandomState(at::Device device) {
  at::Generator generator = GeneratorOf(device);
  std::lock_guard lock(generator.mutex());
  return generator.get_state();
}

void RestoreRandomState(at::Device device, const at::Tensor& state) {
  at::Generator generator = GeneratorOf(device);
  std::lock_guard lock(generator.mutex());
  generator.set_state(state);
}

std::string SaveRandomBytes(at::Device device) {
  const at::Tensor state = SaveRandomState(device).contiguous();
  return {static_cast<const char*>(state.const_data_ptr()), state.nbytes()};
}

void RestoreRandomBytes(at::Device device, const std::string& bytes) {
  at::Tensor state = at::empty({static_cast<int64_t>(bytes.size())}, at::kByte);
  std::copy(bytes.begin(), bytes.end(), static_cast<char*>(state.mutable_data_ptr()));
  RestoreRandomState(device, state);
}

}  // namespace optfleet::trainer
