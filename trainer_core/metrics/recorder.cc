#include "trainer_core/metrics/recorder.h"

#include <algorithm>
#include <limits>

#include "common/log.h"

namespace optfleet::trainer {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kSyncPeriod = std::chrono::seconds(1);
constexpr auto kNap = std::chrono::milliseconds(20);
constexpr int kIdleNaps = 50;  // then the first entry wakes the thread
constexpr size_t kBatch = 256;
constexpr size_t kFirstPoints = 16;
constexpr size_t kKeptPoints = 64;  // a longer list of points gives its memory back
constexpr size_t kAwake = std::numeric_limits<size_t>::max();

}  // namespace

Recorder::Recorder(std::unique_ptr<rundir::LogWriter> log, size_t capacity, Duration retry)
    : log_(std::move(log)),
      retry_(retry),
      ring_(capacity, Entry{0, {}, Points(kFirstPoints)}),
      wake_at_(kAwake),
      next_sync_(Clock::now() + kSyncPeriod),
      thread_([this] { Run(); }) {}

Recorder::~Recorder() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  thread_.join();
}

Status Recorder::Add(int64_t step, Time time, std::span<const std::pair<std::string_view, double>> points) {
  const size_t added = added_.load(std::memory_order_relaxed);
  if (failed_.load(std::memory_order_acquire)) return failure();
  if (added - written_.load(std::memory_order_acquire) >= ring_.size())
    OPTFLEET_RETURN_IF_ERROR(WaitForSpace());
  Entry& entry = ring_[next_slot_];
  entry.step = step;
  entry.time = time;
  entry.points.assign(points.begin(), points.end());
  if (++next_slot_ == ring_.size()) next_slot_ = 0;
  // Before the look at wake_at_, as the thread sets that before it looks at added_: one of the two sees the
  // other.
  added_.store(added + 1);
  if (added + 1 - written_.load(std::memory_order_relaxed) >= wake_at_.load()) Wake();
  return {};
}

void Recorder::Wake() {
  wake_at_ = kAwake;
  { const std::lock_guard lock(mutex_); }  // the thread waits by now, or has yet to look into the ring
  work_.notify_one();
}

Status Recorder::WaitForSpace() {
  const auto begin = Clock::now();
  Lock lock(mutex_);
  work_.notify_one();
  done_.wait(lock, [this] { return queued() < ring_.size() || !failure_.has_value(); });
  waited_ += std::chrono::duration_cast<Duration>(Clock::now() - begin);
  return failure_;
}

Status Recorder::failure() {
  const std::lock_guard lock(mutex_);
  return failure_;
}

Result<int64_t> Recorder::Sync() {
  Lock lock(mutex_);
  sync_wanted_ = true;
  work_.notify_one();
  done_.wait(lock, [this] { return (queued() == 0 && !unsynced()) || !failure_.has_value(); });
  sync_wanted_ = false;
  if (!failure_.has_value()) return Fail(failure_.error());
  return log_->last_number();
}

void Recorder::Run() {
  Lock lock(mutex_);
  while (failure_.has_value()) {
    const bool due = unsynced() && (sync_wanted_ || Clock::now() >= next_sync_);
    if (queued() > 0 && !(due && !sync_wanted_)) {
      Write(&lock);
    } else if (due || (stopping_ && unsynced())) {
      SyncLog(&lock);
      next_sync_ = Clock::now() + kSyncPeriod;
    } else if (stopping_) {
      break;
    } else {
      Sleep(&lock);
    }
  }
  failed_.store(!failure_.has_value(), std::memory_order_release);
  done_.notify_all();
}

void Recorder::Sleep(Lock* lock) {
  done_.notify_all();
  const bool idle = naps_ >= kIdleNaps && !unsynced();
  wake_at_ = idle ? 1 : std::max<size_t>(1, ring_.size() / 2);
  if (queued() < wake_at_.load()) {
    if (idle) {
      work_.wait(*lock);
    } else {
      work_.wait_for(*lock, kNap);
    }
  }
  wake_at_ = kAwake;
  naps_ = queued() == 0 ? naps_ + 1 : 0;
}

void Recorder::Write(Lock* lock) {
  // The entries stay in the ring until they are written, so that an empty ring means that all is in the log.
  const size_t written = written_.load(std::memory_order_relaxed);
  const size_t count = std::min(queued(), kBatch);
  lock->unlock();
  batch_.clear();
  for (size_t i = 0; i < count; ++i) {
    const Entry& entry = ring_[(written + i) % ring_.size()];
    batch_.push_back({entry.step, entry.time, entry.points});
  }
  const int64_t before = log_->last_number();
  const auto number = log_->Append(batch_);
  const size_t done = number.has_value() ? static_cast<size_t>(*number - before) : 0;
  for (size_t i = 0; i < done; ++i) {
    Entry& entry = ring_[(written + i) % ring_.size()];
    if (entry.points.capacity() > kKeptPoints) Points().swap(entry.points);
  }
  lock->lock();
  if (!number.has_value()) {
    WaitOrFail(number.error(), lock);
    return;
  }
  disk_full_ = false;
  written_.store(written + done, std::memory_order_release);
  done_.notify_all();
}

void Recorder::SyncLog(Lock* lock) {
  const size_t covered = written_.load(std::memory_order_relaxed);
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

void Recorder::WaitOrFail(const Error& error, Lock* lock) {
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
