// Telling the coordinator: the state of everything, and records.
#include "worker/engine/engine.h"

namespace optfleet::worker {
namespace {

// Ends of output in one request; gRPC's limit for a message is 4 MiB.
constexpr size_t kOutputBytesPerRequest = 2 << 20;
constexpr Duration kFarewellPatience = std::chrono::seconds(2);

}  // namespace

void Engine::ReconcileReport(Attempt* attempt) {
  if (attempt->reporting || attempt->last_record() <= attempt->held || now_ < attempt->next_report) return;
  if (attempt->folder_busy && attempt->forget) return;  // going away
  attempt->reporting = true;
  effects_.push_back(ReportRecords{attempt->key, attempt->facts->folder, attempt->held});
}

void Engine::ReconcileContact() {
  if (left_) return;
  if (leaving_) {
    // The farewell is said once; its answer, or none, ends the worker.
    if (sent_picture_ != "leaving" && !synchronizing_) {
      sent_picture_ = "leaving";
      synchronizing_ = true;
      next_sync_ = now_ + kFarewellPatience;
      effects_.push_back(Synchronize{MakeRequest(true)});
    } else if (sent_picture_ == "leaving" && (!synchronizing_ || now_ >= next_sync_)) {
      left_ = true;
      effects_.push_back(Leave{});
    }
    return;
  }
  if (synchronizing_) return;
  const std::string picture = Picture();
  if (now_ < next_sync_ && !(may_sync_early_ && picture != sent_picture_)) return;
  sent_picture_ = picture;
  synchronizing_ = true;
  effects_.push_back(Synchronize{MakeRequest(false)});
}

SyncRequest Engine::MakeRequest(bool leaving) {
  SyncRequest request;
  request.sequence = ++sequence_;
  request.slots = options_.slots;
  request.labels = options_.labels;
  request.host_memory_bytes = options_.host_memory_bytes;
  request.draining = draining_since_.has_value();
  request.leaving = leaving;
  shelf_.Tell(&request);
  size_t output_bytes = 0;
  for (auto& [key, attempt] : attempts_) {
    if (!attempt.Begun()) continue;  // waits for its slot
    attempt.held_is_new = false;
    attempt.ended_sent = attempt.Ended();
    AttemptStatus status = attempt.Status();
    output_bytes += status.log_tail.size();
    if (output_bytes > kOutputBytesPerRequest) {
      status.log_skipped_bytes += static_cast<int64_t>(status.log_tail.size());
      status.log_tail.clear();
    }
    request.attempts.push_back(std::move(status));
  }
  return request;
}

// What the coordinator should hear of at once when it changes.
std::string Engine::Picture() const {
  std::string picture = (draining_since_ ? "draining" : "") + shelf_.Picture();
  for (const auto& [key, attempt] : attempts_) {
    const Conclusion now = attempt.Now();
    picture += ";" + key.attempt + "." + std::to_string(key.fence.incarnation) + ":" +
               std::to_string(static_cast<int>(now.state)) + "," +
               std::to_string(attempt.facts ? attempt.facts->checkpoint_step : 0);
    if (now.state == DirectoryState::kEnded && attempt.held >= attempt.last_record()) picture += ",held";
  }
  return picture;
}

}  // namespace optfleet::worker
