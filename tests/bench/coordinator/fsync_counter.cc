// Loaded into the coordinator by LD_PRELOAD: counts its fsync and fdatasync calls in the first eight bytes of
// the file $OPTFLEET_BENCH_FSYNCS, which the benchmark reads. Counts nothing without that variable.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

using Sync = int (*)(int);

std::atomic<int64_t>* OpenCounter() {
  const char* path = std::getenv("OPTFLEET_BENCH_FSYNCS");
  const int file = path == nullptr ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* memory = mmap(nullptr, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<std::atomic<int64_t>*>(memory);
}

void Count() {
  static std::atomic<int64_t>* const counter = OpenCounter();
  if (counter != nullptr) counter->fetch_add(1, std::memory_order_relaxed);
}

Sync Next(const char* name) { return reinterpret_cast<Sync>(dlsym(RTLD_NEXT, name)); }

}  // namespace

extern "C" int fsync(int file) {
  static const Sync next = Next("fsync");
  Count();
  return next(file);
}

extern "C" int fdatasync(int file) {
  static const Sync next = Next("fdatasync");
  Count();
  return next(file);
}
