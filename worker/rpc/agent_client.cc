#include "worker/rpc/agent_client.h"

#include <grpcpp/grpcpp.h>

#include "optfleet/v1/worker.grpc.pb.h"

namespace optfleet::worker {
namespace {

constexpr Duration kAfterRefusal = std::chrono::seconds(10);
constexpr auto kSyncDeadline = std::chrono::seconds(10);
constexpr auto kReportDeadline = std::chrono::seconds(20);
constexpr int kLargestAnswer = 64 << 20;

Error ToError(const grpc::Status& status) {
  return Error(static_cast<Code>(status.error_code()), status.error_message());
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  // Back-off is ours (Backoff); the channel should try whenever it is asked.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kLargestAnswer);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// What one call needs until its callback has run.
template <typename Stub, typename Request, typename Response>
struct Call {
  std::shared_ptr<Stub> connection;
  grpc::ClientContext context;
  Request request;
  Response response;
};

}  // namespace

struct AgentClient::Connection {
  explicit Connection(std::string to)
      : address(std::move(to)), stub(v1::AgentService::NewStub(MakeChannel(address))) {}
  const std::string address;
  const std::unique_ptr<v1::AgentService::Stub> stub;
};

AgentClient::AgentClient(Identity identity, Endpoint endpoint, std::function<double()> random, Post post)
    : identity_(std::move(identity)),
      endpoint_(std::move(endpoint)),
      post_(std::move(post)),
      sync_backoff_(random),
      report_backoff_(random) {}

AgentClient::~AgentClient() {
  std::unique_lock lock(mutex_);
  for (auto* call : calls_) call->TryCancel();
  idle_.wait(lock, [this] { return calls_.empty(); });
}

Result<std::shared_ptr<AgentClient::Connection>> AgentClient::Connect() {
  const auto address = endpoint_.Resolve();
  if (!address) return Fail(address.error());
  if (!connection_ || connection_->address != *address) connection_ = std::make_shared<Connection>(*address);
  return connection_;
}

Duration AgentClient::WaitAfter(const Error& error, Backoff* backoff) {
  return error.code() == Code::kFailedPrecondition ? kAfterRefusal : backoff->Next();
}

void AgentClient::Begin(grpc::ClientContext* call) {
  const std::lock_guard lock(mutex_);
  calls_.insert(call);
}

void AgentClient::End(grpc::ClientContext* call) {
  const std::lock_guard lock(mutex_);
  calls_.erase(call);
  idle_.notify_all();  // under the lock: the destructor may free it right after
}

void AgentClient::Synchronize(const SyncRequest& request, SyncDone done) {
  auto connection = Connect();
  if (!connection) {
    post_([this, error = connection.error(), done] { done(Fail(error), WaitAfter(error, &sync_backoff_)); });
    return;
  }
  auto call = std::make_shared<Call<Connection, v1::SynchronizeRequest, v1::SynchronizeResponse>>();
  call->connection = *connection;
  call->request = ToWire(request, identity_);
  call->request.set_time_us(
      UnixMicros(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now())));
  call->context.set_deadline(std::chrono::system_clock::now() + kSyncDeadline);
  Begin(&call->context);
  call->connection->stub->async()->Synchronize(
      &call->context, &call->request, &call->response, [this, call, done](const grpc::Status& status) {
        post_([this, call, done, status] {
          if (!status.ok()) return done(Fail(ToError(status)), WaitAfter(ToError(status), &sync_backoff_));
          sync_backoff_.Reset();
          done(FromWire(call->response), Duration(0));
        });
        End(&call->context);
      });
}

void AgentClient::Report(const std::vector<AttemptBatch>& batches, ReportDone done) {
  auto connection = Connect();
  if (!connection) {
    post_(
        [this, error = connection.error(), done] { done(Fail(error), WaitAfter(error, &report_backoff_)); });
    return;
  }
  auto call = std::make_shared<Call<Connection, v1::ReportMetricsRequest, v1::ReportMetricsResponse>>();
  call->connection = *connection;
  call->request = ToWire(batches, identity_);
  call->context.set_deadline(std::chrono::system_clock::now() + kReportDeadline);
  Begin(&call->context);
  call->connection->stub->async()->ReportMetrics(
      &call->context, &call->request, &call->response, [this, call, done](const grpc::Status& status) {
        post_([this, call, done, status] {
          if (!status.ok()) return done(Fail(ToError(status)), WaitAfter(ToError(status), &report_backoff_));
          report_backoff_.Reset();
          std::vector<int64_t> held(static_cast<size_t>(call->request.attempts_size()));
          if (call->response.held_size() == call->request.attempts_size())
            for (size_t i = 0; i < held.size(); ++i)
              held[i] = call->response.held(static_cast<int>(i)).record();
          done(std::move(held), Duration(0));
        });
        End(&call->context);
      });
}

}  // namespace optfleet::worker
