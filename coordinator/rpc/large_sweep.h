// Gives a large sweep, or what extends one by much, to the engine in parts.
#pragma once

#include <future>
#include <string>
#include <vector>

#include "coordinator/rpc/backend.h"

namespace optfleet::rpc {

// So many jobs are written in one commit: some ten milliseconds, for which others wait.
inline constexpr size_t kMostPointsAtOnce = 500;

// One sweep or extension from its begin to its end. Each call may wait for the engine; for a working thread.
class LargeSweepWriter {
 public:
  explicit LargeSweepWriter(Backend* backend) : backend_(backend) {}
  ~LargeSweepWriter() { Abandon(); }
  LargeSweepWriter(const LargeSweepWriter&) = delete;
  LargeSweepWriter& operator=(const LargeSweepWriter&) = delete;

  // `head` has no points. If it was asked for before, or is only validated, there is nothing to add.
  Status Begin(engine::CreateSweep head);
  Status Begin(engine::ExtendSweep head);
  // Returns while the engine still writes these; an error may be that of the part before.
  Status Add(engine::AddPoints part);  // whose sweep_id is filled in here
  Status Finish(int32_t merged_points);
  // Nothing is left of what was not finished.
  void Abandon();

  bool wants_points() const { return open_; }
  const std::string& id() const { return answer_.sweep_id; }
  // To Finish; to Begin if it was asked for before.
  const engine::SweepAnswer& answer() const { return answer_; }

 private:
  Status BeginWith(engine::Input input, bool validate_only);
  Status AwaitLast();

  Backend* backend_;
  engine::SweepAnswer answer_;
  bool open_ = false;
  std::future<Result<engine::SweepAnswer>> last_;
};

}  // namespace optfleet::rpc
