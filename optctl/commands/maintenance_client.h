// The maintenance service as calls that return a value or an Error. Blocking; one thread at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/result.h"
#include "optctl/commands/context.h"
#include "optfleet/v1/maintenance.pb.h"

namespace optfleet::commands {

class MaintenanceClient {
 public:
  // The coordinator that the options name; nothing is sent yet. Errors as OpenClient.
  static Result<MaintenanceClient> Open(const Context& context);
  ~MaintenanceClient();
  MaintenanceClient(MaintenanceClient&&) noexcept;
  MaintenanceClient& operator=(MaintenanceClient&&) = delete;

  Result<v1::Backup> CreateBackup();
  Result<v1::Backup> GetBackup(const std::string& name);
  Result<std::string> ReadBackup(const std::string& name, const std::string& file, int64_t offset);
  Status DeleteBackup(const std::string& name);
  Result<v1::Diagnosis> Diagnose(bool check_databases);

 private:
  struct Stub;
  explicit MaintenanceClient(std::unique_ptr<Stub> stub);
  std::unique_ptr<Stub> stub_;
};

}  // namespace optfleet::commands
