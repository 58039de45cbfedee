#include "coordinator/rpc/grpc_server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_builder.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "common/log.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/services.h"
#include "grpc/health/v1/health.pb.h"

namespace optfleet::rpc {
namespace {

// gRPC tells only that it could not listen; the same bind by hand tells why.
Error ExplainListenFailure(const std::string& host, uint16_t port) {
  const std::string where = host + ":" + std::to_string(port);
  const std::string what = "cannot listen on " + where;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
      failed != 0) {
    return {Code::kInvalidArgument, what + ": " + gai_strerror(failed) + "; give an address of this machine"};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  const int probe = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return ErrnoError(errno, what);
  const int failed = bind(probe, found->ai_addr, found->ai_addrlen) == 0 ? 0 : errno;
  close(probe);
  if (failed == EADDRINUSE) {
    return {Code::kAlreadyExists, what +
                                      ": another program uses this port; stop it, or choose another port "
                                      "with --listen (port 0 takes a free one)"};
  }
  return failed == 0 ? Error(Code::kUnavailable, what + ": gRPC gave no reason; try again")
                     : ErrnoError(failed, what);
}

void LogFromGrpc(gpr_log_func_args* line) {
  const Level level = line->severity == GPR_LOG_SEVERITY_ERROR ? Level::kWarn : Level::kDebug;
  Log(level, "grpc", {{"message", line->message}});
}

}  // namespace

Result<std::unique_ptr<GrpcServer>> GrpcServer::Start(const std::string& host, uint16_t port,
                                                      const MethodTable& methods) {
  grpc::EnableDefaultHealthCheckService(true);
  // Links the descriptor that reflection shows for it.
  google::protobuf::LinkMessageReflection<grpc::health::v1::HealthCheckRequest>();
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  std::unique_ptr<GrpcServer> self(new GrpcServer());
  self->services_ = MakeServices(methods);

  grpc::ServerBuilder builder;
  int bound_port = 0;
  const std::string literal = host.find(':') == std::string::npos ? host : "[" + host + "]";
  builder.AddListeningPort(literal + ":" + std::to_string(port), grpc::InsecureServerCredentials(),
                           &bound_port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT,
                             0);  // a second coordinator on the port must fail, not share
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.SetMaxSendMessageSize(kMaxResponseBytes);
  for (const auto& service : self->services_) builder.RegisterService(service.get());
  self->server_ = builder.BuildAndStart();
  if (self->server_ == nullptr || bound_port == 0) return Fail(ExplainListenFailure(host, port));
  self->port_ = static_cast<uint16_t>(bound_port);

  grpc::HealthCheckServiceInterface* health = self->server_->GetHealthCheckService();
  for (const std::string& name : ServiceNames()) health->SetServingStatus(name, true);
  return self;
}

void GrpcServer::Stop(std::chrono::milliseconds grace) {
  if (stopped_) return;
  stopped_ = true;
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->Shutdown();
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  server_->Wait();
}

GrpcServer::~GrpcServer() { Stop(std::chrono::milliseconds(0)); }

void RouteGrpcLog() {
  gpr_set_log_function(&LogFromGrpc);
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_INFO);
}

}  // namespace optfleet::rpc
