// control.sock of the fake trainer: one thread, served between steps and while a step "computes".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/outcome.h"
#include "common/result.h"

namespace optfleet::fake {

struct Stop {
  Outcome outcome = Outcome::kPreempted;
  bool checkpoint = true;
  std::string reason;
};

class Control {
 public:
  static Result<Control> Listen(const std::string& folder);
  Control() = default;  // listens to nothing: passes time only
  Control(Control&& other) noexcept;
  Control& operator=(Control&&) = delete;
  ~Control();

  // Serves for `milliseconds`, or less when a stop came.
  void Serve(int64_t milliseconds, int64_t step);

  const std::optional<Stop>& stop() const { return stop_; }
  // True once after each `checkpoint` command.
  bool TakeCheckpointRequest();

 private:
  struct Connection {
    int descriptor = -1;
    std::string text;
  };
  void Accept();
  bool Read(Connection* connection, int64_t step);  // false when it ended
  std::string Answer(const std::string& line, int64_t step);

  int listener_ = -1;
  std::vector<Connection> connections_;
  std::optional<Stop> stop_;
  bool checkpoint_requested_ = false;
};

}  // namespace optfleet::fake
