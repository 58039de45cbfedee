#include "coordinator/app/metrics_writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace optfleet::app {
namespace {

constexpr std::chrono::seconds kLongestPause{30};

int64_t PointsOf(const std::vector<store::RecordBatch>& batches) {
  int64_t points = 0;
  for (const store::RecordBatch& batch : batches) points += static_cast<int64_t>(batch.values.size());
  return points;
}

int64_t RecordsOf(const std::vector<store::RecordBatch>& batches) {
  int64_t records = 0;
  for (const store::RecordBatch& batch : batches) records += static_cast<int64_t>(batch.size());
  return records;
}

}  // namespace

MetricsWriter::Written MetricsWriter::WrittenOf(const domain::Attempt& attempt) {
  return {attempt.fence.incarnation, attempt.parent, attempt.resume_record, attempt.record_limit};
}

MetricsWriter::MetricsWriter(std::unique_ptr<store::MetricsStore> store, MetricsWriterHooks hooks,
                             std::chrono::milliseconds first_pause)
    : hooks_(std::move(hooks)),
      first_pause_(first_pause),
      store_(std::move(store)),
      thread_([this] { Run(); }) {}

MetricsWriter::~MetricsWriter() { Stop(); }

void MetricsWriter::Link(const std::vector<domain::Attempt>& attempts) {
  bool urgent = false;
  {
    const std::lock_guard lock(mutex_);
    for (const domain::Attempt& attempt : attempts) urgent = Note(attempt) || urgent;
  }
  if (urgent) changed_.notify_one();
}

void MetricsWriter::AreLinked(const std::vector<domain::Attempt>& attempts) {
  const std::lock_guard lock(mutex_);
  for (const domain::Attempt& attempt : attempts) written_.insert_or_assign(attempt.name, WrittenOf(attempt));
}

void MetricsWriter::Watch(const std::map<std::string, std::string>& objectives) {
  const std::lock_guard lock(mutex_);
  if (watched_ == objectives) return;
  watched_ = objectives;
  watches_others_ = true;
}

void MetricsWriter::TellWatched() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(watches_others_, false)) store_->Watch(watched_);
}

bool MetricsWriter::Note(const domain::Attempt& attempt) {
  const AttemptName& name = attempt.name;
  const auto known = written_.find(name);
  if (known != written_.end() && known->second == WrittenOf(attempt) && !links_.contains(name)) return false;
  const bool untouched = known == written_.end() && !links_.contains(name);
  if (untouched && attempt.record_limit == 0) {
    fresh_.erase(name);  // it has recorded nothing and never will
    return false;
  }
  if (untouched && attempt.parent == 0 && attempt.record_limit == domain::kEveryRecord) {
    fresh_.insert_or_assign(name, attempt);
    return false;
  }
  fresh_.erase(name);
  links_.insert_or_assign(name, attempt);
  return true;
}

bool MetricsWriter::Append(std::vector<store::RecordBatch> batches, OnHeld on_held) {
  const int64_t points = PointsOf(batches);
  const std::string_view refused = Queue({std::move(batches), std::move(on_held), points});
  if (refused.empty()) {
    changed_.notify_one();
  } else {
    hooks_.refused(refused);
  }
  return refused.empty();
}

std::string_view MetricsWriter::Queue(Report report) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return "stopping";
  const bool full =
      reports_.size() >= kQueueLimit || (queued_points_ + report.points > kQueuePoints && !reports_.empty());
  if (full) return "queue_full";
  queued_points_ += report.points;
  reports_.push_back(std::move(report));
  return "";
}

bool MetricsWriter::Thin(store::ThinPlan plan, std::function<void(const Status&)> on_done) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    thinnings_.push_back({std::move(plan), std::move(on_done)});
  }
  changed_.notify_one();
  return true;
}

void MetricsWriter::ThinSome() {
  Thinning* thinning = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (thinnings_.empty() || stopping_) return;
    thinning = &thinnings_.front();
  }
  const auto thinned = store_->Thin(thinning->plan, thinning->next);
  if (thinned) {
    thinning->next = thinned->next;
    hooks_.thinned(thinned->deleted);
    if (!thinned->done) return;
  }
  const Thinning ended = std::move(*thinning);
  {
    const std::lock_guard lock(mutex_);
    thinnings_.pop_front();
  }
  ended.on_done(thinned ? Status() : Status(Fail(thinned.error())));
}

void MetricsWriter::AbandonThinning() {
  std::deque<Thinning> abandoned;
  {
    const std::lock_guard lock(mutex_);
    abandoned.swap(thinnings_);
  }
  for (const Thinning& thinning : abandoned)
    thinning.on_done(Fail(Code::kUnavailable, "the metrics writer stops"));
}

void MetricsWriter::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

size_t MetricsWriter::depth() const {
  const std::lock_guard lock(mutex_);
  return reports_.size();
}

void MetricsWriter::Run() {
  std::vector<Report> reports;
  while (WaitForWork(&reports)) {
    if (!writable_ && Clock::now() < try_again_) {
      Refuse(std::move(reports), Error(Code::kResourceExhausted, "records cannot be stored just now"));
    } else if (const Status linked = WriteLinks(reports); !linked) {
      Refuse(std::move(reports), linked.error());
    } else {
      Commit(std::move(reports));
    }
    if (reports.empty()) ThinSome();
    reports.clear();
  }
  AbandonThinning();
}

bool MetricsWriter::WaitForWork(std::vector<Report>* reports) {
  std::unique_lock lock(mutex_);
  while (!stopping_ && reports_.empty()) {
    if (!thinnings_.empty() && writable_) break;
    if (links_.empty()) {
      changed_.wait(lock);
    } else if (writable_ || Clock::now() >= try_again_) {
      break;  // the links that wait are reason enough to try
    } else {
      changed_.wait_until(lock, try_again_);
    }
  }
  int64_t points = 0;
  while (!reports_.empty() && points < kCommitPoints) {
    points += reports_.front().points;
    queued_points_ -= reports_.front().points;
    reports->push_back(std::move(reports_.front()));
    reports_.pop_front();
  }
  return !stopping_ || !reports->empty() || (writable_ && !links_.empty());
}

Status MetricsWriter::WriteLinks(const std::vector<Report>& reports) {
  std::map<AttemptName, domain::Attempt> links;
  {
    const std::lock_guard lock(mutex_);
    for (const Report& report : reports) {
      for (const store::RecordBatch& batch : report.batches) links_.insert(fresh_.extract(batch.attempt));
    }
    links.swap(links_);
  }
  if (links.empty()) return {};
  std::vector<domain::Attempt> attempts;
  for (const auto& [name, attempt] : links) attempts.push_back(attempt);
  Status linked = store_->Link(attempts);
  if (!linked) {
    const std::lock_guard lock(mutex_);
    links_.merge(links);  // what came meanwhile is newer and stays
    return linked;
  }
  SetWritable(true, "");
  const std::lock_guard lock(mutex_);
  for (const auto& [name, attempt] : links) {
    // Once an attempt has a limit, little can change any more, and it need not be remembered for ever.
    if (attempt.record_limit == domain::kEveryRecord) {
      written_.insert_or_assign(name, WrittenOf(attempt));
    } else {
      written_.erase(name);
    }
  }
  return {};
}

void MetricsWriter::Commit(std::vector<Report> reports) {
  std::vector<store::RecordBatch> batches;
  std::vector<std::vector<AttemptName>> names(reports.size());
  for (size_t i = 0; i < reports.size(); ++i) {
    for (store::RecordBatch& batch : reports[i].batches) {
      names[i].push_back(batch.attempt);
      batches.push_back(std::move(batch));
    }
    reports[i].batches.clear();
  }
  if (batches.empty()) {
    for (const Report& report : reports) report.on_held(std::vector<engine::RecordsHeld>());
    return;
  }
  TellWatched();
  const auto begin = Clock::now();
  const auto held = store_->Append(batches);
  if (!held) return Refuse(std::move(reports), held.error());
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  SetWritable(true, "");
  wal_bytes_ = store_->wal_bytes();
  hooks_.stored(RecordsOf(batches), PointsOf(batches), seconds);

  std::map<AttemptName, engine::RecordsHeld> by_attempt;
  for (const engine::RecordsHeld& entry : *held) by_attempt.insert_or_assign(entry.attempt, entry);
  for (auto& [attempt, entry] : by_attempt) {
    if (entry.record > 0) hooks_.held(entry);
    entry.observations.clear();  // of no use to who waits for an answer
  }
  for (size_t i = 0; i < reports.size(); ++i) {
    std::vector<engine::RecordsHeld> answer;
    std::sort(names[i].begin(), names[i].end());
    names[i].erase(std::unique(names[i].begin(), names[i].end()), names[i].end());
    for (const AttemptName& name : names[i]) {
      const auto found = by_attempt.find(name);
      answer.push_back(found == by_attempt.end() ? engine::RecordsHeld{name, 0, 0} : found->second);
    }
    reports[i].on_held(std::move(answer));
  }
}

void MetricsWriter::Refuse(std::vector<Report> reports, const Error& error) {
  if (writable_ || Clock::now() >= try_again_) {
    pause_ = writable_ ? Clock::duration(first_pause_) : std::min<Clock::duration>(pause_ * 2, kLongestPause);
    try_again_ = Clock::now() + pause_;
    SetWritable(false, error.message());
  }
  const Error answer(Code::kResourceExhausted,
                     error.message() + "; the records stay in the worker's metrics log and are sent again");
  for (const Report& report : reports) {
    hooks_.refused("not_writable");
    report.on_held(tl::make_unexpected(answer));
  }
}

void MetricsWriter::SetWritable(bool writable, const std::string& why) {
  if (writable_ == writable) return;
  writable_ = writable;
  hooks_.writable_changed(writable, why);
}

}  // namespace optfleet::app
