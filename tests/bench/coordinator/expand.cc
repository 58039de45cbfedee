// A large sweep is expanded and persisted, and what others notice of it.
#include <atomic>
#include <functional>
#include <thread>

#include "optfleet/v1/operator.grpc.pb.h"
#include "tests/bench/coordinator/bench.h"
#include "tests/bench/coordinator/simulated_worker.h"

namespace optfleet::bench {
namespace {

// Calls again and again on a thread of its own, a call every two milliseconds at most.
class Bystander {
 public:
  explicit Bystander(std::function<void()> call) : call_(std::move(call)), thread_([this] { Run(); }) {}
  Latencies Stop() {
    stopping_ = true;
    thread_.join();
    return latencies_;
  }

 private:
  void Run() {
    while (!stopping_) {
      const auto begin = std::chrono::steady_clock::now();
      call_();
      latencies_.Add(SecondsSince(begin));
      std::this_thread::sleep_until(begin + std::chrono::milliseconds(2));
    }
  }

  std::function<void()> call_;
  Latencies latencies_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace

void BenchExpand(const Setup& setup, int jobs) {
  CoordinatorProcess process(setup.process);
  SimulatedWorker worker(process.Connect(), "bystander", 1, SimulatedWorker::Attempts::kRun);
  worker.set_draining();  // it talks, and takes no job
  const std::string small = CreateSweep(process.Connect(), "small", 10);
  const auto system = v1::SystemService::NewStub(process.Connect());
  const auto reads = v1::SweepService::NewStub(process.Connect());

  Bystander info([&] {
    grpc::ClientContext context;
    v1::GetInfoResponse response;
    Check(system->GetInfo(&context, {}, &response), "GetInfo");
  });
  Bystander synchronize([&] { worker.Synchronize(); });
  Bystander read([&] {
    grpc::ClientContext context;
    v1::GetSweepRequest request;
    request.set_name(small);
    v1::Sweep sweep;
    Check(reads->GetSweep(&context, request, &sweep), "GetSweep");
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(setup.Size(300, 10)));
  const int64_t fsyncs = process.Fsyncs();
  const double cpu = process.CpuSeconds();
  const auto begin = std::chrono::steady_clock::now();
  CreateSweep(process.Connect(), "large", jobs);
  const double seconds = SecondsSince(begin);
  const double cpu_after = process.CpuSeconds();
  const Latencies infos = info.Stop();
  const Latencies synchronizations = synchronize.Stop();
  const Latencies read_calls = read.Stop();
  Print(process, {{"bench", "expand"},
                  {"jobs", jobs},
                  {"seconds", seconds},
                  {"aim_seconds", jobs >= 100'000 ? 3.0 : 0.3},
                  {"coordinator_cpu_seconds", cpu_after - cpu},
                  {"others_wait_ms",
                   {{"get_info", infos.WorstMilliseconds()},
                    {"synchronize", synchronizations.WorstMilliseconds()},
                    {"get_sweep", read_calls.WorstMilliseconds()}}},
                  {"others_p99_ms",
                   {{"get_info", infos.Milliseconds(0.99)},
                    {"synchronize", synchronizations.Milliseconds(0.99)},
                    {"get_sweep", read_calls.Milliseconds(0.99)}}},
                  {"aim_wait_ms", 50},
                  {"fsyncs_meanwhile", process.Fsyncs() - fsyncs},
                  {"state_bytes", process.StateBytes()}});
}

}  // namespace optfleet::bench
