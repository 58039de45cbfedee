// The services' way into this process: engine thread, metrics writer, reading threads, expansion thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "coordinator/app/engine_loop.h"
#include "coordinator/app/metrics_writer.h"
#include "coordinator/app/task_pool.h"
#include "coordinator/rpc/backend.h"
#include "coordinator/rpc/worker_clocks.h"

namespace optfleet::app {

class ProcessBackend final : public rpc::Backend {
 public:
  static constexpr size_t kReadQueue = 1024;
  static constexpr size_t kWorkQueue = 32;

  // One reading thread per store. The loop and the writer must outlive this object.
  ProcessBackend(EngineLoop* loop, MetricsWriter* writer,
                 std::vector<std::unique_ptr<store::ReadStore>> readers, rpc::SystemInfo info,
                 std::function<Time()> now);

  bool Post(engine::Input input, OnAnswer on_answer) override;
  bool Read(std::function<void(store::ReadStore&)> read) override;
  bool Work(std::function<void()> work) override;
  bool Append(std::vector<store::RecordBatch> batches, OnHeld on_held) override;
  void NoteClock(const std::string& worker, Time theirs) override { clocks_.Heard(worker, theirs, now_()); }
  rpc::SystemInfo info() const override;
  Time Now() const override { return now_(); }

  const rpc::WorkerClocks& clocks() const { return clocks_; }

  // Known only once the HTTP port is open.
  void SetHttpAddress(std::string address);

  // Ends the reading and the expansion threads after their queues are empty.
  void Stop();

  size_t read_depth() const { return read_pool_.depth(); }
  size_t work_depth() const { return work_pool_.depth(); }

 private:
  EngineLoop* const loop_;
  MetricsWriter* const writer_;
  const std::vector<std::unique_ptr<store::ReadStore>> readers_;  // one per thread of read_pool_
  mutable std::mutex mutex_;                                      // guards info_
  rpc::SystemInfo info_;
  const std::function<Time()> now_;
  rpc::WorkerClocks clocks_;
  TaskPool read_pool_;
  TaskPool work_pool_;
};

}  // namespace optfleet::app
