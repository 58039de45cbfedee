#include "trainer_core/metrics/recorder.h"

#include "common/log.h"

namespace optfleet::trainer {
namespace {

constexpr auto kSyncPeriod = std::chrono::seconds(1);

}  // namespace

Recorder::Recorder(std::unique_ptr<rundir::LogWriter> log, size_t capacity, Duration retry)
    : log_(std::move(log)), capacity_(capacity), retry_(retry), thread_([this] { Run(); }) {}

Recorder::~Recorder() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  thread_.join();
}

Status Recorder::Add(int64_t step, Time time, Points points) {
  std::unique_lock lock(mutex_);
  if (queue_.size() >= capacity_ && failure_.has_value()) {
    const auto begin = std::chrono::steady_clock::now();
    done_.wait(lock, [this] { return queue_.size() < capacity_ || !failure_.has_value(); });
    waited_ += std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begin);
  }
  if (!failure_.has_value()) return failure_;
  queue_.push_back({step, time, std::move(points)});
  work_.notify_one();
  return {};
}

Result<int64_t> Recorder::Sync() {
  std::unique_lock lock(mutex_);
  sync_wanted_ = true;
  work_.notify_one();
  done_.wait(lock, [this] { return (queue_.empty() && !unsynced()) || !failure_.has_value(); });
  sync_wanted_ = false;
  if (!failure_.has_value()) return Fail(failure_.error());
  return log_->last_number();
}

void Recorder::Run() {
  std::unique_lock lock(mutex_);
  auto next_sync = std::chrono::steady_clock::now() + kSyncPeriod;
  while (failure_.has_value()) {
    const bool due = unsynced() && (sync_wanted_ || std::chrono::steady_clock::now() >= next_sync);
    if (!queue_.empty() && !(due && !sync_wanted_)) {
      Write(&lock);
    } else if (due || (stopping_ && unsynced())) {
      SyncLog(&lock);
      next_sync = std::chrono::steady_clock::now() + kSyncPeriod;
    } else if (stopping_) {
      break;
    } else if (unsynced()) {
      work_.wait_until(lock, next_sync);
    } else {
      done_.notify_all();
      work_.wait(lock);
    }
  }
  done_.notify_all();
}

void Recorder::Write(std::unique_lock<std::mutex>* lock) {
  // The entry stays in the queue until it is written, so that an empty queue means that all is in the log.
  // Only this thread takes entries out, and a deque does not move the others.
  const Entry& entry = queue_.front();
  lock->unlock();
  const auto number = log_->Append(entry.step, entry.time, entry.points);
  lock->lock();
  if (!number.has_value()) {
    WaitOrFail(number.error(), lock);
    return;
  }
  disk_full_ = false;
  ++written_;
  queue_.pop_front();
  done_.notify_all();
}

void Recorder::SyncLog(std::unique_lock<std::mutex>* lock) {
  const int64_t covered = written_;
  lock->unlock();
  const Status synced = log_->Sync();
  lock->lock();
  if (synced.has_value()) {
    synced_ = covered;
  } else {
    WaitOrFail(synced.error(), lock);
  }
  done_.notify_all();
}

void Recorder::WaitOrFail(const Error& error, std::unique_lock<std::mutex>* lock) {
  if (error.code() != Code::kResourceExhausted || stopping_) {
    failure_ = Fail(error.In("metrics.log"));
    return;
  }
  if (!disk_full_) {
    Log(Level::kWarn, "metrics.disk_full", {{"error", error.message()}, {"next", "waiting for space"}});
  }
  disk_full_ = true;
  work_.wait_for(*lock, retry_);
}

}  // namespace optfleet::trainer
