// The gRPC listener: services, server reflection, health service, message limits.
#pragma once

#include <grpcpp/server.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/rpc/method_table.h"

namespace optfleet::rpc {

class GrpcServer {
 public:
  // Serves at host:port; port 0 takes a free one. `methods` must outlive the server. ALREADY_EXISTS if the
  // port is taken and so on, with the remedy. While it runs, `grpc.health.v1.Health` answers SERVING for ""
  // and for each service.
  static Result<std::unique_ptr<GrpcServer>> Start(const std::string& host, uint16_t port,
                                                   const MethodTable& methods);
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  uint16_t port() const { return port_; }

  // Answers NOT_SERVING to health checks, takes no new calls and waits for the running ones, which are cut
  // off after `grace`. Handlers must still be able to reply meanwhile. Further calls do nothing.
  void Stop(std::chrono::milliseconds grace);

 private:
  GrpcServer() = default;

  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;  // after the services, which it refers to
  uint16_t port_ = 0;
  bool stopped_ = false;
};

// Sends what the gRPC library logs by itself to our log (its information lines as debug). Once per process,
// before the first server.
void RouteGrpcLog();

}  // namespace optfleet::rpc
