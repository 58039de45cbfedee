// The real opt-coordinator as a child on loopback, its state in a folder of its own, and what the kernel says
// about it.
#pragma once

#include <grpcpp/channel.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace optfleet::bench {

struct ProcessOptions {
  std::string program;        // path of opt-coordinator
  std::string fsync_counter;  // path of the preloaded library; empty: nothing is counted
  std::string folder;         // a new folder is made in it, and removed at the end
};

// Every failure of the environment ends the benchmark with one sentence.
[[noreturn]] void Die(const std::string& sentence);

class CoordinatorProcess {
 public:
  // Returns when it serves.
  explicit CoordinatorProcess(const ProcessOptions& options);
  // Kills it and removes the folder.
  ~CoordinatorProcess();
  CoordinatorProcess(const CoordinatorProcess&) = delete;
  CoordinatorProcess& operator=(const CoordinatorProcess&) = delete;

  void Kill();  // -9, and reaps it
  // From before the new process is made until the first call is answered, at the same address.
  double RestartSeconds();

  // A connection of its own, unlike two channels that gRPC would let share one.
  std::shared_ptr<grpc::Channel> Connect() const;

  double CpuSeconds() const;      // user and system, in ticks of 10 ms
  int64_t ResidentBytes() const;  // now
  int64_t PeakBytes() const;      // since it started
  int64_t Fsyncs() const;         // since the folder was made; -1: not counted
  std::string FileSystem() const;
  int64_t StateBytes() const;  // state.db with its WAL

 private:
  void Spawn(const std::string& listen);
  void WaitUntilServing() const;
  int64_t StatusKiB(const std::string& key) const;

  ProcessOptions options_;
  std::filesystem::path folder_;
  std::string address_;
  pid_t pid_ = -1;
};

}  // namespace optfleet::bench
