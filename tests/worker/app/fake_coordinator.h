// A coordinator for tests: real gRPC on an ephemeral port, decisions by the test. It keeps what workers said
// and every record that came, as a real one would: contiguous, each once. Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "optfleet/v1/worker.grpc.pb.h"

namespace optfleet::worker {

struct KeptRecord {
  int64_t step = 0;
  std::map<std::string, double> points;
};

class FakeCoordinator final : public v1::AgentService::Service {
 public:
  // Writes its address to `endpoint_file` as the real one does.
  explicit FakeCoordinator(std::string endpoint_file);
  ~FakeCoordinator() override;

  // Another port, nothing forgotten.
  void Restart();
  void Stop();

  void Want(const v1::DesiredAttempt& attempt);
  void WantNoMore(const std::string& attempt);
  void Forget(const v1::Forget& forget);
  void Refuse(const std::string& message);           // FAILED_PRECONDITION from now on; empty: no more
  void RefuseRecordsOf(const std::string& attempt);  // INVALID_ARGUMENT for each report that has some

  std::optional<v1::AttemptStatus> StatusOf(const std::string& attempt);
  std::vector<KeptRecord> RecordsOf(const std::string& attempt);
  v1::SynchronizeRequest Newest();
  int refusals();
  int repeats();  // records that came although they were held

 private:
  grpc::Status Synchronize(grpc::ServerContext*, const v1::SynchronizeRequest* request,
                           v1::SynchronizeResponse* response) override;
  grpc::Status ReportMetrics(grpc::ServerContext*, const v1::ReportMetricsRequest* request,
                             v1::ReportMetricsResponse* response) override;
  void Take(const v1::AttemptRecords& records);
  void Serve();

  const std::string endpoint_file_;
  std::unique_ptr<grpc::Server> server_;
  std::mutex mutex_;
  std::map<std::string, v1::DesiredAttempt> wanted_;
  std::map<std::string, v1::Forget> forgotten_;
  std::map<std::string, std::vector<KeptRecord>> records_;
  v1::SynchronizeRequest newest_;
  std::string refusal_;
  std::string refused_records_of_;
  int refusals_ = 0;
  int repeats_ = 0;
};

}  // namespace optfleet::worker
