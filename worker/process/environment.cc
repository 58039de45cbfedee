#include "worker/process/environment.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace optfleet::worker {
namespace {

constexpr std::array<std::string_view, 14> kNames{
    "PATH",         "HOME",          "USER",         "LANG",           "LC_ALL",
    "TZ",           "TMPDIR",        "TORCH_HOME",   "PYTHONPATH",     "ASAN_OPTIONS",
    "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH"};
constexpr std::array<std::string_view, 7> kPrefixes{"CUDA_", "NCCL_", "NVIDIA_",  "OMP_",
                                                    "MKL_",  "KMP_",  "OPTFLEET_"};

bool IsAllowed(std::string_view name) {
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](auto prefix) { return name.starts_with(prefix); });
}

}  // namespace

std::vector<std::string> TrainerEnvironment(const std::vector<std::string>& own,
                                            const rundir::SlotGrant& slot) {
  const std::string threads = std::to_string(slot.threads);
  // A CPU slot sees no GPU, even on a machine that has some.
  const std::vector<std::string> fixed{"OMP_NUM_THREADS=" + threads, "MKL_NUM_THREADS=" + threads,
                                       "CUDA_VISIBLE_DEVICES=" + slot.device_uuid};
  std::vector<std::string> environment;
  for (const std::string& line : own) {
    const std::string name = line.substr(0, line.find('='));
    const bool is_fixed =
        std::any_of(fixed.begin(), fixed.end(), [&](const auto& f) { return f.starts_with(name + "="); });
    if (IsAllowed(name) && !is_fixed) environment.push_back(line);
  }
  environment.insert(environment.end(), fixed.begin(), fixed.end());
  // OpenMP threads that spin while they wait take the cores from the other slots: two trainers of two threads
  // on two cores then train at a tenth of their speed.
  const bool is_set = std::any_of(own.begin(), own.end(),
                                  [](const auto& line) { return line.starts_with("OMP_WAIT_POLICY="); });
  if (slot.threads > 1 && !is_set) environment.push_back("OMP_WAIT_POLICY=passive");
  return environment;
}

}  // namespace optfleet::worker
