// The slot of an attempt made ready for LibTorch. Once per process, before the first tensor.
#pragma once

#include <memory>
#include <string>

#include "common/result.h"
#include "common/rundir/documents.h"
#include "spec/training_spec.h"
#include "trainer_core/memory/device_memory.h"

namespace optfleet::trainer {

// Threads, deterministic algorithms, memory limit. UNIMPLEMENTED for a gpu slot in a build without CUDA,
// UNAVAILABLE if there is no device.
Result<std::unique_ptr<DeviceMemory>> PrepareDevice(const rundir::SlotGrant& slot);

// Writes the weights a run of this spec starts from, as a safetensors file that is not there yet.
Status ExportInitialWeights(const spec::TrainingSpec& spec, const std::string& path);

}  // namespace optfleet::trainer
