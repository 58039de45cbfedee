// Every random draw of a training run comes from its device's default generator: dropout, and nothing else
// (initial weights have a generator of their own). Its state is part of a checkpoint, and activation
// checkpointing replays it. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>
#include <string>

namespace optfleet::trainer {

void SeedRandom(at::Device device, int64_t seed);
// A byte tensor on the CPU; its content depends on the device kind.
at::Tensor SaveRandomState(at::Device device);
// Throws c10::Error if `state` is not a state of this kind of device.
void RestoreRandomState(at::Device device, const at::Tensor& state);

// The same as text of bytes, for a checkpoint.
std::string SaveRandomBytes(at::Device device);
void RestoreRandomBytes(at::Device device, const std::string& bytes);

}  // namespace optfleet::trainer
