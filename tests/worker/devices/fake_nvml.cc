// The functions of NVML that a worker calls, over as many devices as $OPTFLEET_FAKE_GPUS says; "broken" fails
// to start.
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

struct Memory {
  unsigned long long total, free, used;
};

std::string Setting() {
  const char* text = std::getenv("OPTFLEET_FAKE_GPUS");
  return text ? text : "";
}

unsigned Index(void* device) {
  return static_cast<unsigned>(reinterpret_cast<unsigned long long>(device)) - 1;
}

}  // namespace

extern "C" {
int nvmlInit_v2() { return Setting() == "broken" ? 9 : 0; }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int error) { return error == 9 ? "Driver Not Loaded" : "Unknown Error"; }
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = static_cast<unsigned>(std::atoi(Setting().c_str()));
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = reinterpret_cast<void*>(static_cast<unsigned long long>(index) + 1);
  return 0;
}
int nvmlDeviceGetUUID(void* device, char* uuid, unsigned size) {
  std::strncpy(uuid, ("GPU-0000-" + std::to_string(Index(device))).c_str(), size);
  return 0;
}
int nvmlDeviceGetName(void*, char* name, unsigned size) {
  std::strncpy(name, "Imaginary 100", size);
  return 0;
}
int nvmlDeviceGetMemoryInfo(void* device, Memory* memory) {
  *memory = {(Index(device) + 1ULL) << 30, 0, 0};
  return 0;
}
}
