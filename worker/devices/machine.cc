#include "worker/devices/machine.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "common/rundir/documents.h"

namespace optfleet::worker {
namespace {

// The text behind "name   : " on the first line that begins so; empty if there is none.
std::string Field(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    const size_t begin = line.find_first_not_of(" \t", line.find(':') + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

int64_t Number(const std::string& text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Result<Machine> ReadMachine() {
  Machine machine;
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) == 0) machine.cores = std::max(1, CPU_COUNT(&cores));
  machine.memory_bytes = Number(Field("/proc/meminfo", "MemTotal")) * 1024;
  if (machine.memory_bytes <= 0)
    return Fail(Code::kUnavailable, "/proc/meminfo does not tell the machine's memory");
  if (const auto limit = rundir::ReadWholeFile("/sys/fs/cgroup/memory.max"))  // "max" or a number
    if (const int64_t bytes = Number(*limit); bytes > 0)
      machine.memory_bytes = std::min(machine.memory_bytes, bytes);
  machine.processor = Field("/proc/cpuinfo", "model name");
  return machine;
}

}  // namespace optfleet::worker
