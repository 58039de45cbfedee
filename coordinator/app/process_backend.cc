#include "coordinator/app/process_backend.h"

#include <utility>

namespace optfleet::app {

ProcessBackend::ProcessBackend(EngineLoop* loop, MetricsWriter* writer,
                               std::vector<std::unique_ptr<store::ReadStore>> readers, rpc::SystemInfo info,
                               std::function<Time()> now)
    : loop_(loop),
      writer_(writer),
      readers_(std::move(readers)),
      info_(std::move(info)),
      now_(std::move(now)),
      read_pool_(readers_.size(), kReadQueue),
      work_pool_(1, kWorkQueue) {}

bool ProcessBackend::Post(engine::Input input, OnAnswer on_answer) {
  return loop_->Post(std::move(input), std::move(on_answer));
}

bool ProcessBackend::Read(std::function<void(store::ReadStore&)> read) {
  return read_pool_.Post([this, read = std::move(read)](size_t thread) { read(*readers_[thread]); });
}

bool ProcessBackend::Work(std::function<void()> work) {
  return work_pool_.Post([work = std::move(work)](size_t) { work(); });
}

bool ProcessBackend::Append(std::vector<store::RecordBatch> batches, OnHeld on_held) {
  return writer_->Append(std::move(batches), std::move(on_held));
}

rpc::SystemInfo ProcessBackend::info() const {
  const std::lock_guard lock(mutex_);
  return info_;
}

void ProcessBackend::SetHttpAddress(std::string address) {
  const std::lock_guard lock(mutex_);
  info_.http_address = std::move(address);
}

void ProcessBackend::Stop() {
  work_pool_.Stop();
  read_pool_.Stop();
}

}  // namespace optfleet::app
