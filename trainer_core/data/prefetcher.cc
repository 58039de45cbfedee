#include "trainer_core/data/prefetcher.h"

namespace optfleet::trainer {

Prefetcher::Prefetcher(Build build, int64_t ahead)
    : build_(std::move(build)), ahead_(ahead), slots_(static_cast<size_t>(ahead + 1)) {
  if (ahead_ > 0) thread_ = std::thread([this] { Run(); });
}

Prefetcher::~Prefetcher() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  if (thread_.joinable()) thread_.join();
}

const HostBatch& Prefetcher::Take(int64_t step) {
  Slot& slot = SlotOf(step);
  const auto begin = std::chrono::steady_clock::now();
  if (ahead_ > 0) {
    Await(step);
  } else if (slot.step != step) {
    slot.step = step;
    Fill(&slot);
  }
  waited_ += std::chrono::steady_clock::now() - begin;
  if (slot.error) std::rethrow_exception(slot.error);
  return slot.batch;
}

void Prefetcher::Fill(Slot* slot) {
  slot->error = nullptr;
  try {
    build_(slot->step, &slot->batch);
  } catch (...) {
    slot->error = std::current_exception();
  }
}

void Prefetcher::Await(int64_t step) {
  std::unique_lock lock(mutex_);
  if (step != current_) {
    if (current_ < 0 || step != current_ + 1) {
      for (Slot& slot : slots_) slot.ready = false;
      next_ = step;
      ++start_;
    }
    current_ = step;
    room_.notify_one();
  }
  const Slot& slot = SlotOf(step);
  built_.wait(lock, [&] { return slot.ready && slot.step == step; });
}

void Prefetcher::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    room_.wait(lock, [this] { return stopping_ || (current_ >= 0 && next_ <= current_ + ahead_); });
    if (stopping_) return;
    const int64_t start = start_;
    Slot& slot = SlotOf(next_);
    slot.ready = false;
    slot.step = next_;
    lock.unlock();
    Fill(&slot);
    lock.lock();
    if (start != start_) continue;
    slot.ready = true;
    ++next_;
    built_.notify_one();
  }
}

}  // namespace optfleet::trainer
