// A large sweep is expanded and persisted, and what others notice of it.
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
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

// A worker that takes nothing, a client that asks for the system and one that asks for a sweep, all the
// while.
class Bystanders {
 public:
  Bystanders(CoordinatorProcess* process, const std::string& sweep)
      : worker_(process->Connect(), "bystander", 1, SimulatedWorker::Attempts::kRun),
        system_(v1::SystemService::NewStub(process->Connect())),
        sweeps_(v1::SweepService::NewStub(process->Connect())) {
    worker_.set_draining();  // it talks, and takes no job
    info_.emplace([this] {
      grpc::ClientContext context;
      v1::GetInfoResponse response;
      Check(system_->GetInfo(&context, {}, &response), "GetInfo");
    });
    synchronize_.emplace([this] { worker_.Synchronize(); });
    read_.emplace([this, sweep] {
      grpc::ClientContext context;
      v1::GetSweepRequest request;
      request.set_name(sweep);
      v1::Sweep response;
      Check(sweeps_->GetSweep(&context, request, &response), "GetSweep");
    });
  }

  void AddTo(Json* figures) {
    const Latencies info = info_->Stop();
    const Latencies synchronize = synchronize_->Stop();
    const Latencies read = read_->Stop();
    (*figures)["others_wait_ms"] = {{"get_info", info.WorstMilliseconds()},
                                    {"synchronize", synchronize.WorstMilliseconds()},
                                    {"get_sweep", read.WorstMilliseconds()}};
    (*figures)["others_p99_ms"] = {{"get_info", info.Milliseconds(0.99)},
                                   {"synchronize", synchronize.Milliseconds(0.99)},
                                   {"get_sweep", read.Milliseconds(0.99)}};
    (*figures)["aim_wait_ms"] = 50;
  }

 private:
  SimulatedWorker worker_;
  std::unique_ptr<v1::SystemService::Stub> system_;
  std::unique_ptr<v1::SweepService::Stub> sweeps_;
  std::optional<Bystander> info_;
  std::optional<Bystander> synchronize_;
  std::optional<Bystander> read_;
};

// What `call` takes, and what others notice of it.
void Measure(const Setup& setup, CoordinatorProcess* process, const std::string& watched, Json figures,
             const std::function<void()>& call) {
  Bystanders others(process, watched);
  std::this_thread::sleep_for(std::chrono::milliseconds(setup.Size(300, 10)));
  const int64_t fsyncs = process->Fsyncs();
  const double cpu = process->CpuSeconds();
  const auto begin = std::chrono::steady_clock::now();
  call();
  figures["seconds"] = SecondsSince(begin);
  figures["coordinator_cpu_seconds"] = process->CpuSeconds() - cpu;
  others.AddTo(&figures);
  figures["fsyncs_meanwhile"] = process->Fsyncs() - fsyncs;
  figures["state_bytes"] = process->StateBytes();
  Print(*process, std::move(figures));
}

}  // namespace

void BenchExpand(const Setup& setup, int jobs) {
  CoordinatorProcess process(setup.process);
  const std::string small = CreateSweep(process.Connect(), "small", 10);
  Measure(setup, &process, small,
          {{"bench", "expand"}, {"jobs", jobs}, {"aim_seconds", jobs >= 100'000 ? 3.0 : 0.3}},
          [&] { CreateSweep(process.Connect(), "large", jobs); });
}

void BenchExtend(const Setup& setup, int jobs, int more) {
  CoordinatorProcess process(setup.process);
  const std::string sweep = CreateSweep(process.Connect(), "growing", jobs);
  Measure(setup, &process, sweep, {{"bench", "extend"}, {"jobs", jobs}, {"more", more}},
          [&] { ExtendSweep(process.Connect(), "growing", jobs, more); });
}

}  // namespace optfleet::bench
