#include "trainer_core/loop/start.h"

#include <ATen/ATen.h>

#include "common/log.h"
#include "trainer_core/checkpoint/tensor_file.h"

namespace optfleet::trainer {

Result<StartReport> StartWeights(const spec::TrainingSpec& spec, const NamedTensors& parameters) {
  NamedTensors on_host;  // the parameters themselves where they are there
  std::vector<HostTensor> tensors;
  for (const auto& [name, parameter] : parameters) {
    on_host.push_back({name, parameter.detach().to(at::kCPU).contiguous()});
    const at::Tensor& host = on_host.back().tensor;
    const char* type = host.scalar_type() == at::kBFloat16 ? "BF16" : "F32";
    tensors.push_back({name, type, host.sizes().vec(), static_cast<char*>(host.mutable_data_ptr())});
  }
  auto report = StartFrom(spec, tensors);
  if (!report.has_value()) return report;
  for (size_t i = 0; i < parameters.size(); ++i)
    if (parameters[i].tensor.is_cuda()) parameters[i].tensor.detach().copy_(on_host[i].tensor);
  return report;
}

Status StartOptimizer(const spec::StartSpec& start, const NamedTensors& state) {
  auto checkpoint = CheckpointOfStart(start);
  if (!checkpoint.has_value()) return Fail(checkpoint.error());
  const Status read = ReadTensorsInto(*checkpoint + "/optimizer.safetensors", state);
  if (!read.has_value()) return Fail(read.error().In("start.optimizer"));
  return {};
}

void LogStart(const StartReport& report) {
  Log(Level::kInfo, "start.weights",
      {{"file", report.file},
       {"fingerprint", FingerprintText(report.fingerprint)},
       {"taken", report.taken},
       {"resized", report.resized},
       {"begun_anew", report.begun_anew}});
  for (const std::string& difference : report.differences)
    Log(Level::kWarn, "start.difference", {{"what", difference}});
}

}  // namespace optfleet::trainer
