#include "coordinator/rpc/maintenance.h"
#include "coordinator/rpc/rpc_error.h"
#include "optfleet/v1/maintenance.grpc.pb.h"

namespace optfleet::rpc {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

// As the other services (services.cc): each method is passed on by its path.
class MaintenanceService final : public v1::MaintenanceService::CallbackService {
 public:
  explicit MaintenanceService(const MethodTable& methods) : methods_(methods) {}

  Reactor* CreateBackup(Context* context, const v1::CreateBackupRequest* request,
                        v1::Backup* response) override {
    return Serve("CreateBackup", context, *request, response);
  }
  Reactor* GetBackup(Context* context, const v1::GetBackupRequest* request, v1::Backup* response) override {
    return Serve("GetBackup", context, *request, response);
  }
  Reactor* ReadBackup(Context* context, const v1::ReadBackupRequest* request,
                      v1::ReadBackupResponse* response) override {
    return Serve("ReadBackup", context, *request, response);
  }
  Reactor* DeleteBackup(Context* context, const v1::DeleteBackupRequest* request,
                        v1::DeleteBackupResponse* response) override {
    return Serve("DeleteBackup", context, *request, response);
  }
  Reactor* Diagnose(Context* context, const v1::DiagnoseRequest* request, v1::Diagnosis* response) override {
    return Serve("Diagnose", context, *request, response);
  }

 private:
  Reactor* Serve(const char* method, Context* context, const google::protobuf::Message& request,
                 google::protobuf::Message* response) {
    Reactor* reactor =
        context->DefaultReactor();  // owned by the context; lives until Finish was called and sent
    methods_.Call("/" + MaintenanceServiceName() + "/" + method, request, response,
                  [reactor](const std::optional<RpcError>& error) {
                    reactor->Finish(error ? ToGrpcStatus(*error) : grpc::Status::OK);
                  });
    return reactor;
  }

  const MethodTable& methods_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeMaintenanceService(const MethodTable& methods) {
  return std::make_unique<MaintenanceService>(methods);
}

std::string MaintenanceServiceName() { return v1::MaintenanceService::service_full_name(); }

}  // namespace optfleet::rpc
