// A whole coordinator in this process for tests: real gRPC, HTTP and SQLite in a temporary folder that goes
// when the test ends.
#pragma once

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "coordinator/app/coordinator.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "optfleet/v1/operator.grpc.pb.h"
#include "optfleet/v1/worker.grpc.pb.h"

namespace optfleet::app {

// Three jobs.
inline constexpr const char* kSweepText = R"(name: lr
model: {layers: 1, width: 16, heads: 2}
optimizer:
  name: adamw
  learning_rate: [1e-4, 1e-3, 1e-2]
data: {path: /data/text.txt, sequence_length: 16}
training: {batch_size: 2}
budget: {steps: 10}
)";

class Serving : public testing::Test {
 protected:
  Serving() {
    std::string pattern = testing::TempDir() + "optfleet-serving-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    Start();
  }
  ~Serving() override {
    coordinator_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    auto coordinator = Coordinator::Start(
        {.state_folder = folder_ + "/state",
         .grpc = {"127.0.0.1", 0},
         .http = {"127.0.0.1", 0},
         .engine = {},
         .keep_events = std::chrono::hours(1),
         .faults = {},
         .fault_seed = 1,
         .now = [] { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }},
        [](const Error& error) { ADD_FAILURE() << error.message(); });
    ASSERT_TRUE(coordinator) << coordinator.error().message();
    coordinator_ = *std::move(coordinator);
    const auto channel =
        grpc::CreateChannel(coordinator_->grpc_address().Text(), grpc::InsecureChannelCredentials());
    sweeps_ = v1::SweepService::NewStub(channel);
    jobs_ = v1::JobService::NewStub(channel);
    attempts_ = v1::AttemptService::NewStub(channel);
    checkpoints_ = v1::CheckpointService::NewStub(channel);
    metrics_ = v1::MetricService::NewStub(channel);
    workers_ = v1::WorkerService::NewStub(channel);
    events_ = v1::EventService::NewStub(channel);
    system_ = v1::SystemService::NewStub(channel);
    agent_ = v1::AgentService::NewStub(channel);
  }
  void Restart() {
    coordinator_.reset();
    Start();
  }

  // Calls a method of a stub: Call(*sweeps_, &v1::SweepService::Stub::GetSweep, request, &response).
  template <typename Stub, typename Request, typename Response>
  static grpc::Status Call(Stub& stub,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                           const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    return (stub.*method)(&context, request, response);
  }

  // The whole answer to one HTTP request: Exchange("GET /metrics").
  std::string Exchange(const std::string& head, const std::string& body = "") {
    boost::asio::io_context io;
    boost::asio::ip::tcp::socket socket(io);
    const Address& address = coordinator_->http_address();
    socket.connect({boost::asio::ip::make_address(address.host), address.port});
    boost::asio::write(socket, boost::asio::buffer(head +
                                                   " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                                   "Content-Type: application/json\r\nContent-Length: " +
                                                   std::to_string(body.size()) + "\r\n\r\n" + body));
    std::string answer;
    boost::system::error_code end;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), end);
    return answer;
  }
  static v1::CreateSweepRequest NewSweep(const std::string& id, const std::string& text = kSweepText) {
    v1::CreateSweepRequest request;
    request.set_sweep_id(id);
    v1::SourceFile* file = request.mutable_sweep()->add_files();
    file->set_path("lr.yaml");
    file->set_text(text);
    return request;
  }
  v1::Sweep Submit(const v1::CreateSweepRequest& request) {
    v1::Sweep sweep;
    const grpc::Status status = Call(*sweeps_, &v1::SweepService::Stub::CreateSweep, request, &sweep);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return sweep;
  }

  v1::SynchronizeResponse Synchronize(const v1::SynchronizeRequest& request) {
    v1::SynchronizeResponse response;
    const grpc::Status status = Call(*agent_, &v1::AgentService::Stub::Synchronize, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::Job GetJob(const std::string& name) {
    v1::GetJobRequest request;
    request.set_name(name);
    v1::Job job;
    EXPECT_TRUE(Call(*jobs_, &v1::JobService::Stub::GetJob, request, &job).ok()) << name;
    return job;
  }

  template <typename Detail>
  static Detail DetailOf(const grpc::Status& status) {
    google::rpc::Status wire;
    EXPECT_TRUE(wire.ParseFromString(status.error_details()));
    Detail detail;
    for (const auto& any : wire.details()) {
      if (any.UnpackTo(&detail)) return detail;
    }
    ADD_FAILURE() << "no " << detail.GetTypeName() << " in: " << status.error_message();
    return detail;
  }
  static std::string ReasonOf(const grpc::Status& status) {
    return DetailOf<google::rpc::ErrorInfo>(status).reason();
  }

  std::string folder_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<v1::SweepService::Stub> sweeps_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::AttemptService::Stub> attempts_;
  std::unique_ptr<v1::CheckpointService::Stub> checkpoints_;
  std::unique_ptr<v1::MetricService::Stub> metrics_;
  std::unique_ptr<v1::WorkerService::Stub> workers_;
  std::unique_ptr<v1::EventService::Stub> events_;
  std::unique_ptr<v1::SystemService::Stub> system_;
  std::unique_ptr<v1::AgentService::Stub> agent_;
};

}  // namespace optfleet::app
