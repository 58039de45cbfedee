// What somebody outside asks of a running training: a checkpoint, a stop. Requests come from the control
// socket and from signals on one thread; the training thread looks once per step.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "common/outcome.h"

namespace optfleet::trainer {

struct StopRequest {
  Outcome outcome = Outcome::kPreempted;
  bool checkpoint = true;
  std::string reason;
};

// Thread-safe.
class Control {
 public:
  void RequestCheckpoint();
  // The first stop counts; later ones change nothing.
  void RequestStop(StopRequest stop);
  int64_t step() const;

  // For the training thread.
  void SetStep(int64_t step);
  bool TakeCheckpointRequest();
  std::optional<StopRequest> stop() const;

 private:
  mutable std::mutex mutex_;
  bool checkpoint_ = false;
  int64_t step_ = 0;
  std::optional<StopRequest> stop_;
};

// One line of the protocol in docs/run-directory.md: carries the command out and returns the answer, without
// a line end.
std::string HandleCommand(const std::string& line, Control* control);

}  // namespace optfleet::trainer
