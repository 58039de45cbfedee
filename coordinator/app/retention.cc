#include "coordinator/app/retention.h"

#include <future>
#include <utility>

#include "common/log.h"

namespace optfleet::app {
namespace {

constexpr int32_t kAttemptsAtOnce = 100;

}  // namespace

Retention::Retention(const RetentionOptions& options, std::unique_ptr<store::ReadStore> reader,
                     MetricsWriter* writer, std::function<Time()> now)
    : options_(options), reader_(std::move(reader)), writer_(writer), now_(std::move(now)), thread_([this] {
        Run();
      }) {}

Retention::~Retention() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool Retention::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Retention::Run() {
  while (!stopping()) {
    Pass();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, options_.pause, [this] { return stopping_; });
  }
}

void Retention::Pass() {
  int64_t thinned = 0;
  while (!stopping()) {
    const auto attempts = reader_->AttemptsToThin(now_() - options_.after, kAttemptsAtOnce);
    if (!attempts.has_value()) {
      Log(Level::kWarn, "metrics.not_thinned", {{"error", attempts.error().message()}});
      return;
    }
    for (const AttemptName& attempt : *attempts) {
      if (stopping()) return;
      const auto done = ThinOne(attempt);
      if (!done.has_value()) {
        Log(Level::kWarn, "metrics.not_thinned",
            {{"attempt", ToResource(attempt)}, {"error", done.error().message()}});
        return;  // the next look tries again
      }
      ++thinned;
    }
    if (attempts->empty()) break;
  }
  if (thinned > 0) Log(Level::kInfo, "metrics.thinned", {{"attempts", thinned}});
}

Result<bool> Retention::ThinOne(const AttemptName& attempt) {
  auto plan = reader_->PlanThinning(attempt, options_.points);
  if (!plan.has_value()) return Fail(plan.error());
  std::promise<Status> done;
  auto result = done.get_future();
  if (!writer_->Thin(*std::move(plan), [&done](const Status& status) { done.set_value(status); }))
    return Fail(Code::kUnavailable, "the metrics writer stops");
  const Status status = result.get();
  if (!status.has_value()) return Fail(status.error());
  return true;
}

}  // namespace optfleet::app
