#include "optctl/commands/maintenance_client.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "optfleet/v1/maintenance.grpc.pb.h"

namespace optfleet::commands {
namespace {

constexpr std::chrono::seconds kDeadline{20};  // a check of the databases may take eight
constexpr int kMaxMessageBytes = 16 << 20;     // a piece of a backup and some

}  // namespace

struct MaintenanceClient::Stub {
  explicit Stub(Address where) : address(std::move(where)) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
    service = v1::MaintenanceService::NewStub(
        grpc::CreateCustomChannel(address.target, grpc::InsecureChannelCredentials(), arguments));
  }

  template <typename Request, typename Response>
  Result<Response> Call(grpc::Status (v1::MaintenanceService::Stub::*method)(grpc::ClientContext*,
                                                                             const Request&, Response*),
                        const Request& request) const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kDeadline);
    Response response;
    const grpc::Status status = (service.get()->*method)(&context, request, &response);
    if (status.ok()) return response;
    const auto code = static_cast<Code>(status.error_code());
    if (code == Code::kUnavailable)
      return Fail(code, "no coordinator answers at " + address.target + " (from " + address.origin + ")");
    if (code == Code::kUnimplemented)
      return Fail(code,
                  "the coordinator at " + address.target + " is older than this optctl and cannot do that");
    return Fail(code, status.error_message());
  }

  Address address;
  std::unique_ptr<v1::MaintenanceService::Stub> service;
};

Result<MaintenanceClient> MaintenanceClient::Open(const Context& context) {
  auto address =
      ResolveAddress(context.options.coordinator, context.options.state, output::ProcessEnvironment);
  if (!address) return Fail(std::move(address).error());
  return MaintenanceClient(std::make_unique<Stub>(*std::move(address)));
}

MaintenanceClient::MaintenanceClient(std::unique_ptr<Stub> stub) : stub_(std::move(stub)) {}
MaintenanceClient::~MaintenanceClient() = default;
MaintenanceClient::MaintenanceClient(MaintenanceClient&&) noexcept = default;

Result<v1::Backup> MaintenanceClient::CreateBackup() {
  return stub_->Call(&v1::MaintenanceService::Stub::CreateBackup, v1::CreateBackupRequest());
}

Result<v1::Backup> MaintenanceClient::GetBackup(const std::string& name) {
  v1::GetBackupRequest request;
  request.set_name(name);
  return stub_->Call(&v1::MaintenanceService::Stub::GetBackup, request);
}

Result<std::string> MaintenanceClient::ReadBackup(const std::string& name, const std::string& file,
                                                  int64_t offset) {
  v1::ReadBackupRequest request;
  request.set_name(name);
  request.set_file(file);
  request.set_offset(offset);
  auto piece = stub_->Call(&v1::MaintenanceService::Stub::ReadBackup, request);
  if (!piece) return Fail(std::move(piece).error());
  return std::move(*piece->mutable_data());
}

Status MaintenanceClient::DeleteBackup(const std::string& name) {
  v1::DeleteBackupRequest request;
  request.set_name(name);
  const auto deleted = stub_->Call(&v1::MaintenanceService::Stub::DeleteBackup, request);
  if (!deleted) return Fail(deleted.error());
  return {};
}

Result<v1::Diagnosis> MaintenanceClient::Diagnose(bool check_databases) {
  v1::DiagnoseRequest request;
  request.set_check_databases(check_databases);
  return stub_->Call(&v1::MaintenanceService::Stub::Diagnose, request);
}

}  // namespace optfleet::commands
