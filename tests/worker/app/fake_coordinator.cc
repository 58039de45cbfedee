#include "tests/worker/app/fake_coordinator.h"

#include <filesystem>
#include <fstream>

namespace optfleet::worker {

FakeCoordinator::FakeCoordinator(std::string endpoint_file) : endpoint_file_(std::move(endpoint_file)) {
  Serve();
}
FakeCoordinator::~FakeCoordinator() { Stop(); }

void FakeCoordinator::Serve() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  std::ofstream(endpoint_file_ + ".new") << R"({"grpc": "127.0.0.1:)" << port << R"("})";
  std::filesystem::rename(endpoint_file_ + ".new", endpoint_file_);
}

void FakeCoordinator::Stop() {
  if (server_) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  server_.reset();
}

void FakeCoordinator::Restart() {
  Stop();
  Serve();
}

void FakeCoordinator::Want(const v1::DesiredAttempt& attempt) {
  const std::lock_guard lock(mutex_);
  wanted_[attempt.attempt()] = attempt;
}

void FakeCoordinator::WantNoMore(const std::string& attempt) {
  const std::lock_guard lock(mutex_);
  wanted_.erase(attempt);
}

void FakeCoordinator::Forget(const v1::Forget& forget) {
  const std::lock_guard lock(mutex_);
  wanted_.erase(forget.attempt());
  forgotten_[forget.attempt()] = forget;
}

void FakeCoordinator::Refuse(const std::string& message) {
  const std::lock_guard lock(mutex_);
  refusal_ = message;
}

std::optional<v1::AttemptStatus> FakeCoordinator::StatusOf(const std::string& attempt) {
  const std::lock_guard lock(mutex_);
  for (const auto& status : newest_.attempts())
    if (status.attempt() == attempt) return status;
  return std::nullopt;
}

std::vector<KeptRecord> FakeCoordinator::RecordsOf(const std::string& attempt) {
  const std::lock_guard lock(mutex_);
  return records_[attempt];
}

v1::SynchronizeRequest FakeCoordinator::Newest() {
  const std::lock_guard lock(mutex_);
  return newest_;
}

int FakeCoordinator::refusals() {
  const std::lock_guard lock(mutex_);
  return refusals_;
}

int FakeCoordinator::repeats() {
  const std::lock_guard lock(mutex_);
  return repeats_;
}

grpc::Status FakeCoordinator::Synchronize(grpc::ServerContext*, const v1::SynchronizeRequest* request,
                                          v1::SynchronizeResponse* response) {
  const std::lock_guard lock(mutex_);
  if (!refusal_.empty()) {
    ++refusals_;
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, refusal_);
  }
  newest_ = *request;
  for (const auto& [name, attempt] : wanted_) *response->add_attempts() = attempt;
  for (const auto& status : request->attempts()) {
    if (forgotten_.contains(status.attempt())) *response->add_forget() = forgotten_[status.attempt()];
    auto* held = response->add_held();
    held->set_attempt(status.attempt());
    held->set_record(static_cast<int64_t>(records_[status.attempt()].size()));
  }
  response->set_next_call_ms(50);
  response->set_lease_ms(60000);
  response->set_incarnation(1);
  return grpc::Status::OK;
}

void FakeCoordinator::RefuseRecordsOf(const std::string& attempt) {
  const std::lock_guard lock(mutex_);
  refused_records_of_ = attempt;
}

grpc::Status FakeCoordinator::ReportMetrics(grpc::ServerContext*, const v1::ReportMetricsRequest* request,
                                            v1::ReportMetricsResponse* response) {
  const std::lock_guard lock(mutex_);
  for (const auto& attempt : request->attempts())
    if (attempt.attempt() == refused_records_of_)
      return {grpc::StatusCode::INVALID_ARGUMENT, "its records are not as they should be"};
  for (const auto& attempt : request->attempts()) {
    Take(attempt);
    auto* held = response->add_held();
    held->set_attempt(attempt.attempt());
    held->set_record(static_cast<int64_t>(records_[attempt.attempt()].size()));
  }
  return grpc::Status::OK;
}

void FakeCoordinator::Take(const v1::AttemptRecords& wire) {
  auto& kept = records_[wire.attempt()];
  const auto& batch = wire.records();
  int point = 0;
  for (int i = 0; i < batch.steps_size(); ++i) {
    KeptRecord record{batch.steps(i), {}};
    for (uint32_t n = 0; n < batch.point_counts(i); ++n, ++point)
      record.points[batch.keys(static_cast<int>(batch.key_index(point)))] = batch.values(point);
    const int64_t number = batch.first_record() + i;
    if (number <= static_cast<int64_t>(kept.size())) ++repeats_;
    if (number == static_cast<int64_t>(kept.size()) + 1) kept.push_back(std::move(record));
  }
}

}  // namespace optfleet::worker
