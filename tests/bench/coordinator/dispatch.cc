// Attempts that are over at once: what giving out, persisting and ending one costs the coordinator.
#include <atomic>
#include <thread>

#include "tests/bench/coordinator/bench.h"
#include "tests/bench/coordinator/simulated_worker.h"

namespace optfleet::bench {
namespace {

void CheckAllSucceeded(const std::shared_ptr<grpc::Channel>& channel, const std::string& name, int jobs) {
  grpc::ClientContext context;
  v1::GetSweepRequest request;
  request.set_name(name);
  v1::Sweep sweep;
  Check(v1::SweepService::NewStub(channel)->GetSweep(&context, request, &sweep), "GetSweep");
  for (const v1::StateCount& count : sweep.counts()) {
    if (count.state() == "succeeded" && count.count() == jobs) return;
  }
  Die("not every job of " + name + " succeeded");
}

}  // namespace

void BenchDispatch(const Setup& setup, int workers, int slots, int jobs) {
  CoordinatorProcess process(setup.process);
  const std::string sweep = CreateSweep(process.Connect(), "noop", jobs);
  std::vector<std::unique_ptr<SimulatedWorker>> simulated;
  for (int i = 0; i < workers; ++i) {
    simulated.push_back(std::make_unique<SimulatedWorker>(process.Connect(), "w" + std::to_string(i), slots,
                                                          SimulatedWorker::Attempts::kEndAtOnce));
  }
  std::atomic<int64_t> ended = 0;
  std::vector<Latencies> latencies(simulated.size());
  const int64_t fsyncs = process.Fsyncs();
  const double cpu = process.CpuSeconds();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < simulated.size(); ++i) {
    threads.emplace_back([&, i] {
      SimulatedWorker& worker = *simulated[i];
      while (ended < jobs) {
        const int64_t before = worker.ended();
        const auto call = std::chrono::steady_clock::now();
        worker.Synchronize();
        latencies[i].Add(SecondsSince(call));
        ended += worker.ended() - before;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = SecondsSince(begin);
  const double cpu_after = process.CpuSeconds();
  CheckAllSucceeded(process.Connect(), sweep, jobs);
  for (size_t i = 1; i < latencies.size(); ++i) latencies[0].Add(latencies[i]);
  Print(process,
        {{"bench", "dispatch"},
         {"workers", workers},
         {"slots", slots},
         {"jobs", jobs},
         {"jobs_per_second", jobs / seconds},
         {"aim_jobs_per_second", 10'000},
         {"coordinator_cpu_us", 1e6 * (cpu_after - cpu) / jobs},
         {"aim_cpu_us", 50},
         {"call_ms", {{"p50", latencies[0].Milliseconds(0.5)}, {"p99", latencies[0].Milliseconds(0.99)}}},
         {"fsyncs_meanwhile", process.Fsyncs() - fsyncs},
         {"resident_mib", static_cast<double>(process.ResidentBytes()) / (1 << 20)}});
}

}  // namespace optfleet::bench
