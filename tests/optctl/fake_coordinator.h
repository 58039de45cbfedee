// The operator API over fixed data, in this process: what the command line shows then depends on nothing but
// the test.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "optfleet/v1/operator.grpc.pb.h"

namespace optfleet::commands {

struct FakeData {
  std::vector<v1::Sweep> sweeps;
  std::vector<v1::Job> jobs;
  std::vector<v1::Attempt> attempts;
  std::vector<v1::Worker> workers;
  std::vector<v1::Checkpoint> checkpoints;
  std::map<std::string, std::string> logs;  // by attempt
  v1::Series series;                        // answered for every job
  std::vector<v1::Measurement> measurements;
};

// A coordinator whose data move through stages: each list of jobs shows the next stage, the last one stays.
// Every other read shows the stage of the newest list.
class FakeCoordinator {
 public:
  explicit FakeCoordinator(std::vector<FakeData> stages);
  ~FakeCoordinator();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  std::vector<v1::CreateSweepRequest> created() const;  // requests in order
  std::vector<std::string> cancelled() const;           // "NAME: reason"

 private:
  struct Services;
  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace optfleet::commands
