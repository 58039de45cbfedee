#include "tests/bench/support/disk.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {
std::atomic<int64_t> sync_count = 0;
}  // namespace

// The dynamic linker gives these to every library of the process.
extern "C" int fsync(int descriptor) {
  sync_count.fetch_add(1, std::memory_order_relaxed);
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

extern "C" int fdatasync(int descriptor) {
  sync_count.fetch_add(1, std::memory_order_relaxed);
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

namespace optfleet::bench {

int64_t SyncCount() { return sync_count; }

std::string FileSystemOf(const std::string& folder) {
  struct statfs info {};
  if (::statfs(folder.c_str(), &info) != 0) return "unknown";
  switch (info.f_type) {
    case 0xef53:
      return "ext4";
    case 0x58465342:
      return "xfs";
    case 0x9123683e:
      return "btrfs";
    case 0x01021994:
      return "tmpfs";
    case 0x794c7630:
      return "overlayfs";
    default: {
      char text[32];
      std::snprintf(text, sizeof(text), "0x%lx", static_cast<unsigned long>(info.f_type));
      return text;
    }
  }
}

Spread MeasureSync(const std::string& folder, int count) {
  const std::string path = folder + "/sync.bin";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::vector<char> page(4096, 'x');
  std::vector<double> milliseconds;
  for (int i = 0; i < count; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (::write(file, page.data(), page.size()) != static_cast<ssize_t>(page.size()) || ::fsync(file) != 0) {
      std::perror(path.c_str());
      std::exit(1);
    }
    milliseconds.push_back(MillisecondsSince(begin));
  }
  ::close(file);
  ::unlink(path.c_str());
  return SpreadOf(std::move(milliseconds));
}

}  // namespace optfleet::bench
