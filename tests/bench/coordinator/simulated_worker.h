// A worker that trains nothing: it says what a real one would say over its own connection.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "optfleet/v1/worker.grpc.pb.h"

namespace optfleet::bench {

// One thread at a time.
class SimulatedWorker {
 public:
  // How attempts go: over as soon as they were given out, or running until the end of the benchmark.
  enum class Attempts { kEndAtOnce, kRun };

  SimulatedWorker(const std::shared_ptr<grpc::Channel>& channel, const std::string& id, int slots,
                  Attempts attempts);

  // One exchange. Ends the benchmark if the call fails or if an attempt is given out twice.
  void Synchronize();
  // One record of `keys` values for each attempt of a half, 0 or 1.
  void ReportMetrics(int keys, int half);

  int64_t ended() const { return ended_; }  // and acknowledged as such
  size_t held() const { return attempts_.size(); }
  void set_draining() { request_.set_draining(true); }

 private:
  void Tell(const v1::DesiredAttempt& desired);

  std::unique_ptr<v1::AgentService::Stub> agent_;
  const Attempts mode_;
  v1::SynchronizeRequest request_;                     // slots and name; attempts are filled in anew
  std::map<std::string, v1::AttemptStatus> attempts_;  // by name
  std::map<std::string, int64_t> seen_;                // attempt names ever given out, and how often
  int64_t ended_ = 0;
  int64_t step_ = 0;
};

}  // namespace optfleet::bench
