// What each benchmark gets and gives: sizes in, one JSON line per figure out.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/json.h"
#include "optfleet/v1/operator.grpc.pb.h"
#include "tests/bench/coordinator/coordinator_process.h"

namespace optfleet::bench {

struct Setup {
  ProcessOptions process;
  std::vector<int> slots = {1, 8, 64, 256};
  bool smoke = false;  // tiny sizes: shows that the benchmark works, its figures mean nothing

  int Size(int full, int tiny) const { return smoke ? tiny : full; }
};

// Durations in seconds. One thread.
class Latencies {
 public:
  void Add(double seconds) { seconds_.push_back(seconds); }
  void Add(const Latencies& other) {
    seconds_.insert(seconds_.end(), other.seconds_.begin(), other.seconds_.end());
  }
  // In milliseconds; share from 0 to 1. 0 if there are none.
  double Milliseconds(double share) const;
  double WorstMilliseconds() const { return Milliseconds(1); }
  size_t count() const { return seconds_.size(); }

 private:
  std::vector<double> seconds_;
};

inline double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Adds what every line says: file system, how commits are made, the load of the machine before.
void Print(const CoordinatorProcess& process, Json figures);

// A sweep of `jobs` (a multiple of 100, or below 100) distinct jobs; returns its name when it is
// acknowledged.
std::string CreateSweep(const std::shared_ptr<grpc::Channel>& channel, const std::string& id, int jobs);

// Extends that sweep of `jobs` by `more` (multiples of 100).
void ExtendSweep(const std::shared_ptr<grpc::Channel>& channel, const std::string& id, int jobs, int more);

// Ends the benchmark if the call failed.
void Check(const grpc::Status& status, const std::string& what);

// The benchmarks. Each starts its own coordinator.
void BenchExpand(const Setup& setup, int jobs);
void BenchExtend(const Setup& setup, int jobs, int more);
void BenchDispatch(const Setup& setup, int workers, int slots, int jobs);
void BenchConnected(const Setup& setup);
void BenchWaiting(const Setup& setup);  // memory with waiting jobs, and kill -9 until it serves again

}  // namespace optfleet::bench
