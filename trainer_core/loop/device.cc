#include "trainer_core/loop/device.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstdlib>
#include <filesystem>

#include "trainer_core/checkpoint/tensor_file.h"
#include "trainer_core/loop/start.h"
#include "trainer_core/model/transformer.h"
#include "trainer_core/products/matrix_products.h"

namespace optfleet::trainer {

Result<std::unique_ptr<DeviceMemory>> PrepareDevice(const rundir::SlotGrant& slot) {
  at::set_num_threads(slot.threads);
  if (at::get_num_interop_threads() != 1) at::set_num_interop_threads(1);
  at::globalContext().setDeterministicFillUninitializedMemory(false);  // costs a pass over every new tensor
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  if (slot.kind != "gpu") {
    UseChosenProducts();
    return LimitCpuMemory(slot.memory_bytes);
  }
  // cuBLAS is deterministic only with a fixed workspace, and reads this when it starts.
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
#ifdef OPTFLEET_CUDA
  if (!at::hasCUDA())
    return Fail(Code::kUnavailable, "no CUDA device is visible; is CUDA_VISIBLE_DEVICES right?");
  return LimitCudaMemory(slot.memory_bytes);
#else
  return Fail(Code::kUnimplemented, "this opt-trainer is built without CUDA; build it with the preset cuda");
#endif
}

Status ExportInitialWeights(const spec::TrainingSpec& spec, const std::string& path) {
  Transformer model(spec, at::kCPU);
  model.Initialize(spec.training.seed);
  if (spec.start.IsGiven()) {
    const auto start = StartWeights(spec, model.parameters());
    if (!start.has_value()) return Fail(start.error());
  }
  const std::filesystem::path target = std::filesystem::absolute(path);
  auto written = WriteTensors(target.parent_path(), target.filename(), model.parameters());
  if (!written.has_value()) return Fail(written.error());
  return {};
}

}  // namespace optfleet::trainer
