// Many connected workers whose attempts run and report every second.
#include <thread>

#include "tests/bench/coordinator/bench.h"
#include "tests/bench/coordinator/simulated_worker.h"

namespace optfleet::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kThreads = 100;  // so that each worker has a tenth of a second for its three calls
constexpr int kSlots = 10;
constexpr int kKeys = 12;
constexpr std::chrono::seconds kPeriod{1};

// Every worker of the slice speaks once a second at its own moment. Latencies count from that moment, also if
// a call before it was late, so that a slow coordinator is not made to look fast by asking it less.
struct Slice {
  std::vector<SimulatedWorker*> workers;
  Latencies synchronize;
  Latencies report;

  // A worker with ten attempts collects their records for almost half a second: two calls each second, each
  // with those of half its attempts.
  void Report(SimulatedWorker* worker, int half) {
    const auto begin = Clock::now();
    worker->ReportMetrics(kKeys, half);
    report.Add(SecondsSince(begin));
  }

  void Run(Clock::time_point begin, int seconds) {
    if (workers.empty()) return;
    const Clock::duration step = kPeriod / static_cast<int>(workers.size());
    for (int second = 0; second < seconds; ++second) {
      for (size_t i = 0; i < workers.size(); ++i) {
        const auto due = begin + second * kPeriod + static_cast<int>(i) * step;
        std::this_thread::sleep_until(due);
        workers[i]->Synchronize();
        synchronize.Add(SecondsSince(due));
        Report(workers[i], 0);
        Report(workers[(i + workers.size() / 2) % workers.size()], 1);
      }
    }
  }
};

void RunAll(std::vector<Slice>* slices, int seconds) {
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (Slice& slice : *slices) threads.emplace_back([&slice, begin, seconds] { slice.Run(begin, seconds); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

void BenchConnected(const Setup& setup) {
  const int workers = setup.Size(1000, 16);
  const int seconds = setup.Size(20, 1);
  CoordinatorProcess process(setup.process);
  CreateSweep(process.Connect(), "running", setup.Size(workers * kSlots, 200));
  std::vector<std::unique_ptr<SimulatedWorker>> simulated;
  std::vector<Slice> slices(kThreads);
  for (int i = 0; i < workers; ++i) {
    simulated.push_back(std::make_unique<SimulatedWorker>(process.Connect(), "w" + std::to_string(i), kSlots,
                                                          SimulatedWorker::Attempts::kRun));
    slices[static_cast<size_t>(i % kThreads)].workers.push_back(simulated.back().get());
  }
  RunAll(&slices, 3);  // attempts are given out and begin to run
  for (Slice& slice : slices) slice.synchronize = slice.report = {};
  const int64_t fsyncs = process.Fsyncs();
  const double cpu = process.CpuSeconds();
  const auto begin = Clock::now();
  RunAll(&slices, seconds);
  const double wall = SecondsSince(begin);
  const double cpu_after = process.CpuSeconds();
  int64_t running = 0;
  for (const auto& worker : simulated) running += static_cast<int64_t>(worker->held());
  for (size_t i = 1; i < slices.size(); ++i) {
    slices[0].synchronize.Add(slices[i].synchronize);
    slices[0].report.Add(slices[i].report);
  }
  Print(process, {{"bench", "connected"},
                  {"workers", workers},
                  {"running_attempts", running},
                  {"points_per_second", kKeys * running},
                  {"coordinator_cores", (cpu_after - cpu) / wall},
                  {"aim_cores", 1},
                  {"resident_mib", static_cast<double>(process.ResidentBytes()) / (1 << 20)},
                  {"aim_mib", 500},
                  {"synchronize_p99_ms", slices[0].synchronize.Milliseconds(0.99)},
                  {"report_p99_ms", slices[0].report.Milliseconds(0.99)},
                  {"wall_seconds", wall},
                  {"fsyncs_meanwhile", process.Fsyncs() - fsyncs}});
}

}  // namespace optfleet::bench
