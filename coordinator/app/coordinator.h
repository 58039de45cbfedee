// The coordinator as one object: opens the state folder, recovers, serves, stops. `main` and the tests use
// it.
//
// Threads: the engine's (decides and commits state.db), the metrics writer's (metrics.db), two that read, one
// that expands sweeps, one for HTTP, and gRPC's own. The object itself is used by one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/app/address.h"
#include "coordinator/app/retention_options.h"
#include "coordinator/engine/engine.h"
#include "coordinator/rpc/faults.h"

namespace optfleet::app {

struct CoordinatorOptions {
  std::string state_folder;
  Address grpc{"127.0.0.1", 0};
  Address http{"127.0.0.1", 0};
  engine::Options engine;
  Duration keep_events = std::chrono::hours(24 * 90);  // of sweeps that have ended; 0: for ever
  RetentionOptions retention = {};
  std::vector<rpc::Fault> faults = {};  // for tests
  uint64_t fault_seed = 1;
  std::function<Time()> now;  // the wall clock; read on the engine's thread
};

class Coordinator {
 public:
  // Returns when it serves and endpoint.json says where. `failed` is called once, on another thread, if the
  // state can no longer be written: the caller should then destroy the object and end the process.
  static Result<std::unique_ptr<Coordinator>> Start(const CoordinatorOptions& options,
                                                    std::function<void(const Error&)> failed);

  // Takes no new calls, finishes the running ones and their commits, removes endpoint.json.
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  const Address& grpc_address() const;
  const Address& http_address() const;

 private:
  struct Parts;
  explicit Coordinator(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace optfleet::app
