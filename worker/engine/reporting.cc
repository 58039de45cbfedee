// Telling the coordinator: the state of everything, and records.
#include <algorithm>

#include "worker/engine/engine.h"

namespace optfleet::worker {
namespace {

// Ends of output in one request; gRPC's limit for a message is 4 MiB.
constexpr size_t kOutputBytesPerRequest = 2 << 20;
constexpr Duration kFarewellPatience = std::chrono::seconds(2);
// Records of several attempts.
constexpr Duration kCollectForEach = std::chrono::milliseconds(50);
constexpr Duration kCollectMost = std::chrono::seconds(1);
constexpr int64_t kFarBehind = 1000;
// What changes in the life of a short attempt is told together with its end.
constexpr Duration kSoon = std::chrono::milliseconds(200);

}  // namespace

bool Engine::HasRecordsToReport(const Attempt& attempt) const {
  if (attempt.reporting || attempt.last_record() <= attempt.held || now_ < attempt.next_report) return false;
  return !(attempt.folder_busy && attempt.forget);  // going away
}

// All that have records go together. The more attempts live here, the longer records are collected, so that
// many that record at their own moments do not cause a call each; what an outcome waits for, and what is far
// behind, does not wait.
void Engine::ReconcileReports() {
  ReportRecords report;
  int living = 0;
  bool at_once = false;
  for (auto& [key, attempt] : attempts_) {
    living += attempt.Alive();
    if (!HasRecordsToReport(attempt)) continue;
    at_once = at_once || !attempt.Alive() || attempt.last_record() - attempt.held >= kFarBehind;
    report.attempts.push_back({key, attempt.facts->folder, attempt.held});
  }
  const Duration collect = std::min<Duration>(kCollectMost, kCollectForEach * std::max(0, living - 1));
  if (report.attempts.empty() || (!at_once && now_ - reported_at_ < collect)) return;
  for (const ReportRecords::Of& of : report.attempts) attempts_.at(of.key).reporting = true;
  reported_at_ = now_;
  effects_.push_back(std::move(report));
}

void Engine::ReconcileContact() {
  if (left_) return;
  if (leaving_) {
    // The farewell is said once; its answer, or none, ends the worker.
    if (!said_farewell_ && !synchronizing_) {
      said_farewell_ = true;
      synchronizing_ = true;
      next_sync_ = now_ + kFarewellPatience;
      effects_.push_back(Synchronize{MakeRequest(true)});
    } else if (said_farewell_ && (!synchronizing_ || now_ >= next_sync_)) {
      left_ = true;
      effects_.push_back(Leave{});
    }
    return;
  }
  if (synchronizing_) return;
  Picture picture = Look();
  if (!ShouldSynchronize(picture)) return;
  sent_ = std::move(picture);
  sent_at_ = now_;
  synchronizing_ = true;
  effects_.push_back(Synchronize{MakeRequest(false)});
}

bool Engine::ShouldSynchronize(const Picture& picture) const {
  if (now_ >= next_sync_) return true;
  if (!may_sync_early_) return false;
  return picture.IsNewsAfter(sent_) || (now_ - sent_at_ >= kSoon && picture != sent_);
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

bool Engine::Picture::IsNewsAfter(const Picture& sent) const {
  return !std::includes(sent.news.begin(), sent.news.end(), news.begin(), news.end());
}

// News is what the coordinator may act upon: a slot that is free, an outcome that counts.
Engine::Picture Engine::Look() const {
  Picture picture{{(draining_since_ ? "draining" : "") + shelf_.Picture()}, ""};
  for (const auto& [key, attempt] : attempts_) {
    const Conclusion now = attempt.Now();
    std::string text = key.attempt + "." + std::to_string(key.fence.incarnation) + ":" +
                       std::to_string(static_cast<int>(now.state)) + "," +
                       std::to_string(attempt.facts ? attempt.facts->checkpoint_step : 0);
    const bool ended = now.state == DirectoryState::kEnded;
    if (ended && attempt.held >= attempt.last_record()) text += ",held";
    picture.all += ";" + text;
    if (ended) picture.news.insert(std::move(text));
  }
  return picture;
}

}  // namespace optfleet::worker
