#include <optional>
#include <utility>

#include "coordinator/rpc/maintenance.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/to_wire.h"
#include "optfleet/v1/maintenance.pb.h"

namespace optfleet::rpc {
namespace {

constexpr std::string_view kPrefix = "backups/";
constexpr const char* kBackupType = "optfleet.v1.Backup";
constexpr size_t kPieceBytes = 4 << 20;

v1::Backup BackupToWire(const BackupView& view) {
  v1::Backup wire;
  wire.set_name(std::string(kPrefix) + view.id);
  wire.set_state(static_cast<v1::Backup::State>(view.state));
  wire.set_progress(view.progress);
  wire.set_error(view.error);
  wire.set_folder(view.folder);
  for (const auto& [name, bytes] : view.files) {
    v1::BackupFile* file = wire.add_files();
    file->set_name(name);
    file->set_bytes(bytes);
  }
  return wire;
}

v1::Diagnosis DiagnosisToWire(const Diagnosis& facts) {
  v1::Diagnosis wire;
  *wire.mutable_time() = ToWire(facts.time);
  wire.set_folder(facts.folder);
  wire.set_file_system(facts.disk.file_system);
  wire.set_free_bytes(facts.disk.free_bytes);
  wire.set_total_bytes(facts.disk.total_bytes);
  for (const CheckedDatabase& database : facts.databases) {
    v1::DatabaseFacts* added = wire.add_databases();
    added->set_name(database.size.name);
    added->set_bytes(database.size.bytes);
    added->set_wal_bytes(database.size.wal_bytes);
    added->set_checked(database.checked);
    added->set_problem(database.problem);
  }
  for (const Queue& queue : facts.queues) {
    v1::QueueFacts* added = wire.add_queues();
    added->set_name(queue.name);
    added->set_depth(queue.depth);
    added->set_limit(queue.limit);
  }
  for (const store::StuckAttempt& stuck : facts.attempts.stuck) {
    v1::StuckAttempt* added = wire.add_stuck();
    added->set_attempt(ToResource(stuck.attempt));
    added->set_reason(stuck.reason);
  }
  wire.set_open_attempts(facts.attempts.count);
  for (const WorkerClock& clock : facts.clocks) {
    v1::WorkerClock* added = wire.add_clocks();
    added->set_worker(WorkerResource(clock.worker));
    added->set_ahead_ms(std::chrono::duration_cast<std::chrono::milliseconds>(clock.ahead).count());
  }
  return wire;
}

// "backups/20261126-051200" -> its id.
RpcResult<std::string> IdFrom(const std::string& name) {
  const bool plain = name.starts_with(kPrefix) && name.size() > kPrefix.size() &&
                     name.find_first_not_of("0123456789-", kPrefix.size()) == std::string::npos;
  if (plain) return name.substr(kPrefix.size());
  return tl::make_unexpected(BadField("name", "must be the name of a backup, backups/ID"));
}

// `work` makes the response on the maintenance thread.
template <typename Response>
void ReplyFromWork(Maintenance* maintenance, const Reply<Response>& reply,
                   std::function<RpcResult<Response>()> work) {
  const bool taken = maintenance->Post([reply, work = std::move(work)] { reply(work()); });
  if (!taken) ReplyError(reply, Overloaded("maintenance", kRetryInput));
}

// The same for a request that names a backup.
template <typename Response>
void ReplyAboutBackup(Maintenance* maintenance, const std::string& name, const Reply<Response>& reply,
                      std::function<Result<Response>(const std::string& id)> work) {
  auto id = IdFrom(name);
  if (!id) return ReplyError(reply, std::move(id).error());
  ReplyFromWork<Response>(maintenance, reply,
                          [id = *std::move(id), name, work = std::move(work)]() -> RpcResult<Response> {
                            auto response = work(id);
                            if (response) return *std::move(response);
                            return tl::make_unexpected(AboutResource(response.error(), kBackupType, name));
                          });
}

void CreateBackup(Maintenance* maintenance, const v1::CreateBackupRequest&, const Reply<v1::Backup>& reply) {
  ReplyFromWork<v1::Backup>(maintenance, reply, [maintenance]() -> RpcResult<v1::Backup> {
    auto view = maintenance->BeginBackup();
    if (!view) return tl::make_unexpected(FromError(view.error()));
    return BackupToWire(*view);
  });
}

void GetBackup(Maintenance* maintenance, const v1::GetBackupRequest& request,
               const Reply<v1::Backup>& reply) {
  ReplyAboutBackup<v1::Backup>(maintenance, request.name(), reply,
                               [maintenance](const std::string& id) -> Result<v1::Backup> {
                                 auto view = maintenance->GetBackup(id);
                                 if (!view) return Fail(std::move(view).error());
                                 return BackupToWire(*view);
                               });
}

void ReadBackup(Maintenance* maintenance, const v1::ReadBackupRequest& request,
                const Reply<v1::ReadBackupResponse>& reply) {
  if (request.offset() < 0) return ReplyError(reply, BadField("offset", "must not be negative"));
  ReplyAboutBackup<v1::ReadBackupResponse>(maintenance, request.name(), reply,
                                           [maintenance, file = request.file(), offset = request.offset()](
                                               const std::string& id) -> Result<v1::ReadBackupResponse> {
                                             auto data =
                                                 maintenance->ReadBackup(id, file, offset, kPieceBytes);
                                             if (!data) return Fail(std::move(data).error());
                                             v1::ReadBackupResponse response;
                                             response.set_data(*std::move(data));
                                             return response;
                                           });
}

void DeleteBackup(Maintenance* maintenance, const v1::DeleteBackupRequest& request,
                  const Reply<v1::DeleteBackupResponse>& reply) {
  ReplyAboutBackup<v1::DeleteBackupResponse>(
      maintenance, request.name(), reply,
      [maintenance](const std::string& id) -> Result<v1::DeleteBackupResponse> {
        OPTFLEET_RETURN_IF_ERROR(maintenance->DeleteBackup(id));
        return v1::DeleteBackupResponse();
      });
}

void Diagnose(Maintenance* maintenance, const v1::DiagnoseRequest& request,
              const Reply<v1::Diagnosis>& reply) {
  ReplyFromWork<v1::Diagnosis>(
      maintenance, reply, [maintenance, check = request.check_databases()]() -> RpcResult<v1::Diagnosis> {
        auto facts = maintenance->Diagnose(check);
        if (!facts) return tl::make_unexpected(FromError(facts.error()));
        return DiagnosisToWire(*facts);
      });
}

std::string Path(const char* method) { return "/" + MaintenanceServiceName() + "/" + method; }

}  // namespace

void AddMaintenanceMethods(MethodTable* methods, Maintenance* maintenance) {
  methods->Add<v1::CreateBackupRequest, v1::Backup>(Path("CreateBackup"), true,
                                                    std::bind_front(&CreateBackup, maintenance));
  methods->Add<v1::GetBackupRequest, v1::Backup>(Path("GetBackup"), true,
                                                 std::bind_front(&GetBackup, maintenance));
  methods->Add<v1::ReadBackupRequest, v1::ReadBackupResponse>(Path("ReadBackup"), true,
                                                              std::bind_front(&ReadBackup, maintenance));
  methods->Add<v1::DeleteBackupRequest, v1::DeleteBackupResponse>(
      Path("DeleteBackup"), true, std::bind_front(&DeleteBackup, maintenance));
  methods->Add<v1::DiagnoseRequest, v1::Diagnosis>(Path("Diagnose"), true,
                                                   std::bind_front(&Diagnose, maintenance));
}

}  // namespace optfleet::rpc
