#include "trainer_core/loop/numerics.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "common/version.h"
#include "trainer_core/loop/build_stamp.h"
#include "trainer_core/model/attention_backend.h"

#ifdef OPTFLEET_CUDA
#include <cuda_runtime_api.h>
#endif

namespace optfleet::trainer {
namespace {

std::string CpuModel() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.find(": "), line.size() - 2) + 2);
  }
  return "unknown";
}

std::string DeviceModel(at::Device device) {
#ifdef OPTFLEET_CUDA
  if (device.is_cuda()) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, std::max<int>(device.index(), 0)) == cudaSuccess)
      return properties.name;
    return "unknown";
  }
#endif
  (void)device;
  return CpuModel();
}

constexpr const char* kPrecisions[] = {"fp32", "bf16", "pure_bf16"};

}  // namespace

Json NumericsStamp(const spec::TrainingSpec& spec, at::Device device) {
  return {{"version", kNumericsVersion},
          {"torch", TORCH_VERSION},
          {"device", device.is_cuda() ? "cuda" : "cpu"},
          {"device_model", DeviceModel(device)},
          {"cpu", at::get_cpu_capability()},
          {"threads", at::get_num_threads()},
          {"attention", AttentionUsed(spec, device).value_or("none")},
          {"precision", kPrecisions[static_cast<size_t>(spec.training.precision)]}};
}

Json StampOfResumed(Json here, Json checkpoint) {
  const auto before = checkpoint.find("resumed_from");
  Json stamps = Json::array({});
  if (before != checkpoint.end() && before->is_array()) stamps = *before;
  checkpoint.erase("resumed_from");
  stamps.insert(stamps.begin(), std::move(checkpoint));
  Json others = Json::array({});
  for (const Json& stamp : stamps)
    if (stamp != here && std::find(others.begin(), others.end(), stamp) == others.end())
      others.push_back(stamp);
  if (!others.empty()) here["resumed_from"] = std::move(others);
  return here;
}

Json BuildStamp() {
#ifdef OPTFLEET_CUDA
  const bool cuda = true;
#else
  const bool cuda = false;
#endif
  return {{"version", kVersion},
          {"run_directory", kRunDirectoryVersion},
          {"numerics", kNumericsVersion},
          {"torch", TORCH_VERSION},
          {"cpu", at::get_cpu_capability()},
          {"device_model", CpuModel()},
          {"cuda", cuda}};
}

}  // namespace optfleet::trainer
