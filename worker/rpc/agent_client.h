// The worker's end of optfleet.v1.AgentService. Calls go out from the owner's thread; answers come back there
// through `post`. At most one synchronise and one report per attempt are under way (the engine sees to it).
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "worker/engine/messages.h"
#include "worker/engine/record_batch.h"
#include "worker/rpc/backoff.h"
#include "worker/rpc/conversion.h"
#include "worker/rpc/endpoint.h"

namespace grpc {
class ClientContext;
class Status;
}  // namespace grpc

namespace optfleet::worker {

class AgentClient {
 public:
  // `post` runs a function on the owner's thread, from any thread.
  using Post = std::function<void(std::function<void()>)>;

  AgentClient(Identity identity, Endpoint endpoint, std::function<double()> random, Post post);
  // Cancels what is under way and waits for it; its answers are still posted.
  ~AgentClient();

  // `done` gets the answer, or the error and how long to wait before the next call. A refusal (another wire
  // version, a newer process of this worker) waits long: trainers go on meanwhile.
  using SyncDone = std::function<void(Result<SyncAnswer>, Duration retry_after)>;
  void Synchronize(const SyncRequest& request, SyncDone done);

  // `done` gets for each batch the highest record that the coordinator holds of its attempt (0 if it does not
  // know it).
  using ReportDone = std::function<void(Result<std::vector<int64_t>>, Duration retry_after)>;
  void Report(const std::vector<AttemptBatch>& batches, ReportDone done);

 private:
  struct Connection;
  // The present connection; a new one if the address has changed since.
  Result<std::shared_ptr<Connection>> Connect();
  Duration WaitAfter(const Error& error, Backoff* backoff);
  void Begin(grpc::ClientContext* call);
  void End(grpc::ClientContext* call);

  const Identity identity_;
  const Endpoint endpoint_;
  const Post post_;
  Backoff sync_backoff_;
  Backoff report_backoff_;
  std::shared_ptr<Connection> connection_;

  std::mutex mutex_;  // guards calls_
  std::condition_variable idle_;
  std::set<grpc::ClientContext*> calls_;
};

}  // namespace optfleet::worker
