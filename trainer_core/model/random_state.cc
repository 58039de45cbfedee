#include "trainer_core/model/random_state.h"

#include <ATen/ATen.h>

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

}  // namespace optfleet::trainer
