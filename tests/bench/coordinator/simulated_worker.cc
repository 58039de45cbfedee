#include "tests/bench/coordinator/simulated_worker.h"

#include "common/version.h"
#include "tests/bench/coordinator/bench.h"

namespace optfleet::bench {

SimulatedWorker::SimulatedWorker(const std::shared_ptr<grpc::Channel>& channel, const std::string& id,
                                 int slots, Attempts attempts)
    : agent_(v1::AgentService::NewStub(channel)), mode_(attempts) {
  request_.set_worker_id(id);
  request_.set_session(1);
  request_.set_wire_version(kWireVersion);
  request_.set_version("bench");
  request_.set_host(id);
  for (int i = 0; i < slots; ++i) {
    v1::Slot* slot = request_.add_slots();
    slot->set_index(i);
    slot->set_kind(v1::Slot::KIND_CPU);
    slot->set_threads(1);
  }
}

void SimulatedWorker::Tell(const v1::DesiredAttempt& desired) {
  if (desired.action() != v1::DesiredAttempt::ACTION_RUN || attempts_.contains(desired.attempt())) return;
  if (++seen_[desired.attempt()] > 1) Die(desired.attempt() + " was given out twice");
  v1::AttemptStatus status;
  status.set_attempt(desired.attempt());
  *status.mutable_fence() = desired.fence();
  *status.mutable_slots() = desired.slots();
  const bool runs = mode_ == Attempts::kRun;
  status.set_state(runs ? v1::AttemptStatus::STATE_RUNNING : v1::AttemptStatus::STATE_ENDED);
  if (!runs) status.set_outcome(v1::OUTCOME_SUCCEEDED);
  attempts_.emplace(desired.attempt(), std::move(status));
}

void SimulatedWorker::Synchronize() {
  request_.set_sequence(request_.sequence() + 1);
  request_.clear_attempts();
  for (const auto& [name, status] : attempts_) *request_.add_attempts() = status;
  grpc::ClientContext context;
  v1::SynchronizeResponse response;
  Check(agent_->Synchronize(&context, request_, &response), "Synchronize");
  for (const v1::Forget& forget : response.forget()) {
    ended_ += static_cast<int64_t>(attempts_.erase(forget.attempt()));
  }
  for (const v1::DesiredAttempt& desired : response.attempts()) Tell(desired);
}

void SimulatedWorker::ReportMetrics(int keys, int half) {
  if (attempts_.empty()) return;
  if (half == 0) ++step_;
  int index = 0;
  v1::ReportMetricsRequest request;
  request.set_worker_id(request_.worker_id());
  request.set_session(request_.session());
  for (auto& [name, status] : attempts_) {
    if (index++ % 2 != half) continue;
    v1::AttemptRecords* records = request.add_attempts();
    records->set_attempt(name);
    *records->mutable_fence() = status.fence();
    v1::RecordBatch* batch = records->mutable_records();
    status.set_last_record(status.last_record() + 1);
    batch->set_first_record(status.last_record());
    batch->add_steps(step_);
    batch->add_time_us(step_ * 1'000'000);
    batch->add_point_counts(static_cast<uint32_t>(keys));
    for (int key = 0; key < keys; ++key) {
      batch->add_keys("metric_" + std::to_string(key));
      batch->add_key_index(static_cast<uint32_t>(key));
      batch->add_values(1.0 / static_cast<double>(step_));
    }
  }
  if (request.attempts_size() == 0) return;
  grpc::ClientContext context;
  v1::ReportMetricsResponse response;
  Check(agent_->ReportMetrics(&context, request, &response), "ReportMetrics");
}

}  // namespace optfleet::bench
