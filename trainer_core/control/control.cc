#include "trainer_core/control/control.h"

#include <utility>

#include "common/json.h"

namespace optfleet::trainer {
namespace {

std::string Refuse(const std::string& why) { return Json{{"ok", false}, {"error", why}}.dump(); }

// Only these outcomes can be asked for; the others are found out.
bool MayBeAskedFor(Outcome outcome) {
  return outcome == Outcome::kPreempted || outcome == Outcome::kCancelled ||
         outcome == Outcome::kStoppedEarly;
}

}  // namespace

void Control::RequestCheckpoint() {
  std::lock_guard lock(mutex_);
  checkpoint_ = true;
}

void Control::RequestStop(StopRequest stop) {
  std::lock_guard lock(mutex_);
  if (!stop_.has_value()) stop_ = std::move(stop);
}

int64_t Control::step() const {
  std::lock_guard lock(mutex_);
  return step_;
}

void Control::SetStep(int64_t step) {
  std::lock_guard lock(mutex_);
  step_ = step;
}

bool Control::TakeCheckpointRequest() {
  std::lock_guard lock(mutex_);
  return std::exchange(checkpoint_, false);
}

std::optional<StopRequest> Control::stop() const {
  std::lock_guard lock(mutex_);
  return stop_;
}

std::string HandleCommand(const std::string& line, Control* control) {
  const Json request = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!request.is_object() || !request.contains("command") || !request["command"].is_string()) {
    return Refuse("a command is one JSON object with the key command on a line");
  }
  const std::string command = request["command"];
  try {
    if (command == "checkpoint") {
      control->RequestCheckpoint();
    } else if (command == "stop") {
      const auto outcome = OutcomeFromName(request.value("outcome", "preempted"));
      if (!outcome.has_value() || !MayBeAskedFor(*outcome)) {
        return Refuse("outcome must be preempted, cancelled or stopped_early");
      }
      control->RequestStop({*outcome, request.value("checkpoint", true), request.value("reason", "")});
    } else if (command != "status") {
      return Refuse("unknown command " + command);
    }
  } catch (const Json::exception& error) {
    return Refuse(error.what());
  }
  return Json{{"ok", true}, {"step", control->step()}}.dump();
}

}  // namespace optfleet::trainer
