#include "tests/bench/ingest/workers.h"

#include <grpcpp/create_channel.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <utility>

#include "optfleet/v1/worker.grpc.pb.h"
#include "tests/bench/support/steps.h"

namespace optfleet::bench {
namespace {

using Clock = std::chrono::steady_clock;

// One attempt and its call.
struct Attempt {
  int number = 0;
  v1::DesiredAttempt given;
  int64_t held = 0;
  Run run;
  v1::ReportMetricsRequest request;
  v1::ReportMetricsResponse response;
  std::unique_ptr<grpc::ClientContext> context;
  Clock::time_point sent;
  grpc::Status status;
};

void FillRequest(const Flood& flood, Attempt* attempt) {
  const int64_t count = std::min(flood.hand_over, flood.steps - attempt->held);
  Fill(attempt->number, attempt->held + 1, static_cast<size_t>(count), &attempt->run);
  v1::ReportMetricsRequest& request = attempt->request;
  request.set_worker_id(kWorker);
  request.set_session(1);
  if (request.attempts_size() == 0) {
    v1::AttemptRecords* records = request.add_attempts();
    records->set_attempt(attempt->given.attempt());
    *records->mutable_fence() = attempt->given.fence();
    for (const std::string_view key : kKeys) records->mutable_records()->add_keys(std::string(key));
  }
  v1::RecordBatch* batch = request.mutable_attempts(0)->mutable_records();
  batch->set_first_record(attempt->held + 1);
  batch->clear_steps();
  batch->clear_time_us();
  batch->clear_point_counts();
  batch->clear_key_index();
  batch->clear_values();
  for (const Step& step : attempt->run.steps) {
    batch->add_steps(step.step);
    batch->add_time_us(step.time_us);
    batch->add_point_counts(static_cast<uint32_t>(kKeys.size()));
    for (uint32_t key = 0; key < kKeys.size(); ++key) batch->add_key_index(key);
    batch->mutable_values()->Add(step.values.begin(), step.values.end());
  }
}

// Sends on the caller's thread; answers come on gRPC's threads and wait in a queue.
class Reporter {
 public:
  Reporter(const Cluster& cluster, const Flood& flood)
      : flood_(flood),
        stub_(v1::AgentService::NewStub(
            grpc::CreateChannel(cluster.address, grpc::InsecureChannelCredentials()))) {
    for (const v1::DesiredAttempt& given : cluster.attempts) {
      Attempt& attempt = attempts_.emplace_back();
      attempt.number = static_cast<int>(attempts_.size());
      attempt.given = given;
    }
  }

  FloodResult Run() {
    const auto begin = Clock::now();
    for (Attempt& attempt : attempts_) Send(&attempt, true);
    size_t open = attempts_.size();
    while (open > 0) {
      Attempt* attempt = Next();
      if (attempt->status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
        ++result_.refused;
        Send(attempt, false);
        continue;
      }
      Hear(attempt);
      if (attempt->held < flood_.steps) {
        Send(attempt, true);
      } else {
        --open;
      }
    }
    result_.seconds = SecondsSince(begin);
    result_.call_ms = SpreadOf(std::move(milliseconds_));
    return result_;
  }

 private:
  void Send(Attempt* attempt, bool fresh) {
    if (fresh) FillRequest(flood_, attempt);
    attempt->context = std::make_unique<grpc::ClientContext>();
    attempt->sent = Clock::now();
    ++result_.calls;
    stub_->async()->ReportMetrics(attempt->context.get(), &attempt->request, &attempt->response,
                                  [this, attempt](grpc::Status status) {
                                    const std::lock_guard lock(mutex_);
                                    attempt->status = std::move(status);
                                    answered_.push_back(attempt);
                                    changed_.notify_one();
                                  });
  }

  Attempt* Next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !answered_.empty(); });
    Attempt* attempt = answered_.front();
    answered_.pop_front();
    return attempt;
  }

  void Hear(Attempt* attempt) {
    if (!attempt->status.ok() || attempt->response.held_size() != 1) {
      std::fprintf(stderr, "a report failed: %s\n", attempt->status.error_message().c_str());
      std::exit(1);
    }
    milliseconds_.push_back(MillisecondsSince(attempt->sent));
    attempt->held = attempt->response.held(0).record();
  }

  const Flood flood_;
  const std::unique_ptr<v1::AgentService::Stub> stub_;
  std::deque<Attempt> attempts_;
  FloodResult result_;
  std::vector<double> milliseconds_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Attempt*> answered_;
};

}  // namespace

FloodResult Report(const Cluster& cluster, const Flood& flood) { return Reporter(cluster, flood).Run(); }

}  // namespace optfleet::bench
