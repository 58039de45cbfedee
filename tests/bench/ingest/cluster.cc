#include "tests/bench/ingest/cluster.h"

#include <grpcpp/create_channel.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "optfleet/v1/operator.grpc.pb.h"
#include "optfleet/v1/worker.grpc.pb.h"

namespace optfleet::bench {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

void Must(const grpc::Status& status) {
  if (!status.ok()) Die(status.error_message());
}

v1::CreateSweepRequest NewSweep(int jobs) {
  std::string rates;
  for (int i = 1; i <= jobs; ++i) rates += (i == 1 ? "" : ", ") + std::to_string(i) + "e-6";
  v1::CreateSweepRequest request;
  request.set_sweep_id("bench");
  v1::SourceFile* file = request.mutable_sweep()->add_files();
  file->set_path("bench.yaml");
  file->set_text("model: {layers: 1, width: 16, heads: 2}\noptimizer:\n  name: adamw\n  learning_rate: [" +
                 rates +
                 "]\ndata: {path: /data/text.txt, sequence_length: 16}\ntraining: {batch_size: 2}\n"
                 "budget: {steps: 100000000}\n");
  return request;
}

v1::SynchronizeRequest NewWorker(int slots, int64_t sequence) {
  v1::SynchronizeRequest request;
  request.set_worker_id(kWorker);
  request.set_session(1);
  request.set_sequence(sequence);
  request.set_wire_version(1);
  for (int i = 0; i < slots; ++i) {
    v1::Slot* slot = request.add_slots();
    slot->set_index(i);
    slot->set_kind(v1::Slot::KIND_CPU);
    slot->set_threads(1);
  }
  return request;
}

// The body of /metrics.
std::string Scrape(const app::Address& address) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket(io);
  socket.connect({boost::asio::ip::make_address(address.host), address.port});
  boost::asio::write(socket, boost::asio::buffer(std::string(
                                 "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")));
  std::string answer;
  boost::system::error_code end;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), end);
  return answer;
}

}  // namespace

int64_t MetricsCommits(const Cluster& cluster) {
  const std::string text = Scrape(cluster.coordinator->http_address());
  const std::string name = "optfleet_db_commit_seconds_count{database=\"metrics\"} ";
  const size_t at = text.find(name);
  return at == std::string::npos ? 0 : std::atoll(text.c_str() + at + name.size());
}

Cluster StartCluster(const std::string& folder, int jobs) {
  std::filesystem::remove_all(folder);
  Cluster cluster;
  auto coordinator = app::Coordinator::Start(
      {.state_folder = folder,
       .grpc = {"127.0.0.1", 0},
       .http = {"127.0.0.1", 0},
       .engine = {},
       .now = [] { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }},
      [](const Error& error) { Die(error.message()); });
  if (!coordinator) Die(coordinator.error().message());
  cluster.coordinator = *std::move(coordinator);
  cluster.address = cluster.coordinator->grpc_address().Text();

  const auto channel = grpc::CreateChannel(cluster.address, grpc::InsecureChannelCredentials());
  {
    grpc::ClientContext context;
    v1::Sweep sweep;
    Must(v1::SweepService::NewStub(channel)->CreateSweep(&context, NewSweep(jobs), &sweep));
  }
  const auto agent = v1::AgentService::NewStub(channel);
  for (int64_t sequence = 1; cluster.attempts.size() < static_cast<size_t>(jobs); ++sequence) {
    grpc::ClientContext context;
    v1::SynchronizeResponse response;
    Must(agent->Synchronize(&context, NewWorker(jobs, sequence), &response));
    cluster.attempts.assign(response.attempts().begin(), response.attempts().end());
    if (sequence > 100) Die("the attempts were not given out");
  }
  return cluster;
}

}  // namespace optfleet::bench
