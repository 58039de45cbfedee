// What the maintenance service needs of the process that it runs in, and the service itself.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "coordinator/rpc/method_table.h"
#include "coordinator/rpc/worker_clocks.h"
#include "coordinator/store/diagnosis.h"

namespace optfleet::rpc {

struct BackupView {
  enum class State { kMaking = 1, kReady = 2, kFailed = 3 };  // numbers of optfleet.v1.Backup.State
  std::string id;
  State state = State::kMaking;
  double progress = 0;
  std::vector<std::pair<std::string, int64_t>> files;  // name and bytes, once it is ready
  std::string error;
  std::string folder;
};

struct CheckedDatabase {
  store::DatabaseSize size;
  bool checked = false;
  std::string problem;
};

struct Queue {
  std::string name;
  int64_t depth = 0;
  int64_t limit = 0;
};

struct Diagnosis {
  Time time;
  std::string folder;
  store::DiskFacts disk;
  std::vector<CheckedDatabase> databases;
  std::vector<Queue> queues;
  store::OpenAttempts attempts;
  std::vector<WorkerClock> clocks;
};

// All but Post is called from tasks that were posted, and may block.
class Maintenance {
 public:
  virtual ~Maintenance() = default;
  // Runs a task on a thread of its own; false if its bounded queue is full. Any thread.
  virtual bool Post(std::function<void()> task) = 0;

  virtual Result<BackupView> BeginBackup() = 0;                     // FAILED_PRECONDITION while one is made
  virtual Result<BackupView> GetBackup(const std::string& id) = 0;  // NOT_FOUND
  // At most `limit` bytes; fewer only at the end. NOT_FOUND, FAILED_PRECONDITION while it is made.
  virtual Result<std::string> ReadBackup(const std::string& id, const std::string& file, int64_t offset,
                                         size_t limit) = 0;
  virtual Status DeleteBackup(const std::string& id) = 0;
  virtual Result<Diagnosis> Diagnose(bool check_databases) = 0;
};

// `maintenance` must outlive the table.
void AddMaintenanceMethods(MethodTable* methods, Maintenance* maintenance);

// `methods` must outlive it.
std::unique_ptr<grpc::Service> MakeMaintenanceService(const MethodTable& methods);
std::string MaintenanceServiceName();

}  // namespace optfleet::rpc
