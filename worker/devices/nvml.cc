#include "worker/devices/nvml.h"

#include <dlfcn.h>

#include <memory>

namespace optfleet::worker {
namespace {

// The part of NVML's C interface that is used here, by its documented signatures; nvmlReturn_t 0 is success.
using Device = void*;
struct Memory {
  unsigned long long total, free, used;
};
struct Calls {
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  const char* (*error)(int) = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*by_index)(unsigned, Device*) = nullptr;
  int (*uuid)(Device, char*, unsigned) = nullptr;
  int (*name)(Device, char*, unsigned) = nullptr;
  int (*memory)(Device, Memory*) = nullptr;
};

template <typename Function>
bool Load(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(::dlsym(library, name));
  return *function != nullptr;
}

Result<Calls> LoadAll(void* library) {
  Calls calls;
  const bool found =
      Load(library, "nvmlInit_v2", &calls.init) && Load(library, "nvmlShutdown", &calls.shutdown) &&
      Load(library, "nvmlErrorString", &calls.error) &&
      Load(library, "nvmlDeviceGetCount_v2", &calls.count) &&
      Load(library, "nvmlDeviceGetHandleByIndex_v2", &calls.by_index) &&
      Load(library, "nvmlDeviceGetUUID", &calls.uuid) && Load(library, "nvmlDeviceGetName", &calls.name) &&
      Load(library, "nvmlDeviceGetMemoryInfo", &calls.memory);
  if (!found) return Fail(Code::kUnavailable, "the NVML library lacks a function of version 2");
  return calls;
}

Result<std::vector<Gpu>> List(const Calls& calls) {
  const auto failed = [&](const char* what, int error) {
    return Fail(Code::kUnavailable, std::string("NVML: ") + what + ": " + calls.error(error));
  };
  unsigned count = 0;
  if (const int error = calls.count(&count)) return failed("counting devices", error);
  std::vector<Gpu> gpus;
  for (unsigned i = 0; i < count; ++i) {
    Device device = nullptr;
    char uuid[96] = "", model[96] = "";
    Memory memory{};
    if (const int error = calls.by_index(i, &device)) return failed("opening a device", error);
    if (const int error = calls.uuid(device, uuid, sizeof uuid)) return failed("reading a UUID", error);
    if (const int error = calls.name(device, model, sizeof model)) return failed("reading a name", error);
    if (const int error = calls.memory(device, &memory)) return failed("reading a memory size", error);
    gpus.push_back({static_cast<int32_t>(i), uuid, model, static_cast<int64_t>(memory.total)});
  }
  return gpus;
}

}  // namespace

Result<std::vector<Gpu>> FindGpus(const std::string& path) {
  const std::unique_ptr<void, int (*)(void*)> library(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL),
                                                      &::dlclose);
  if (!library) return Fail(Code::kNotFound, std::string("no NVML: ") + ::dlerror());
  const auto calls = LoadAll(library.get());
  if (!calls) return Fail(calls.error());
  if (const int error = calls->init())
    return Fail(Code::kUnavailable, std::string("NVML: ") + calls->error(error));
  auto gpus = List(*calls);
  calls->shutdown();
  return gpus;
}

}  // namespace optfleet::worker
