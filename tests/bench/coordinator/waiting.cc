// Many jobs wait: what they cost in memory, and how long a killed coordinator needs to serve again.
#include <thread>

#include "tests/bench/coordinator/bench.h"

namespace optfleet::bench {
namespace {

double Mib(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

void BenchWaiting(const Setup& setup) {
  const int jobs = setup.Size(100'000, 200);
  CoordinatorProcess process(setup.process);
  const double empty = Mib(process.ResidentBytes());
  CreateSweep(process.Connect(), "waiting", jobs);
  std::this_thread::sleep_for(std::chrono::milliseconds(setup.Size(1000, 0)));
  Print(process, {{"bench", "waiting"},
                  {"jobs", jobs},
                  {"empty_mib", empty},
                  {"resident_mib", Mib(process.ResidentBytes())},
                  {"peak_mib", Mib(process.PeakBytes())},
                  {"aim_mib", 100},
                  {"state_bytes", process.StateBytes()}});
  Json seconds = Json::array();
  for (int i = 0; i < setup.Size(5, 1); ++i) {
    process.Kill();
    seconds.push_back(process.RestartSeconds());
  }
  Print(process, {{"bench", "restart"},
                  {"jobs", jobs},
                  {"seconds", seconds},
                  {"aim_seconds", 0.2},
                  {"resident_mib", Mib(process.ResidentBytes())},
                  {"peak_mib", Mib(process.PeakBytes())}});
}

}  // namespace optfleet::bench
