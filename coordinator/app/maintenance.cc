#include "coordinator/app/maintenance.h"

#include <chrono>
#include <condition_variable>
#include <thread>
#include <utility>

namespace optfleet::app {
namespace {

// Of all databases together: below the deadline of a client's call.
constexpr std::chrono::milliseconds kCheckLimit{8000};

// Interrupts a check that takes too long.
class Alarm {
 public:
  Alarm(store::IntegrityCheck* check, std::chrono::milliseconds limit)
      : thread_([this, check, limit] {
          std::unique_lock lock(mutex_);
          if (!ended_.wait_for(lock, limit, [this] { return off_; })) check->Interrupt();
        }) {}
  ~Alarm() {
    {
      const std::lock_guard lock(mutex_);
      off_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool off_ = false;
  std::thread thread_;
};

}  // namespace

MaintenanceThread::MaintenanceThread(MaintenanceOptions options)
    : options_(std::move(options)), backups_(options_.state_folder, options_.now), pool_(1, kQueueLimit) {}

bool MaintenanceThread::Post(std::function<void()> task) {
  return pool_.Post([task = std::move(task)](size_t) { task(); });
}

void MaintenanceThread::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (running_ != nullptr) running_->Interrupt();
  }
  pool_.Stop();
}

Result<rpc::Diagnosis> MaintenanceThread::Diagnose(bool check_databases) {
  rpc::Diagnosis facts;
  facts.folder = options_.state_folder;
  auto disk = store::ReadDisk(options_.state_folder);
  if (!disk) return Fail(std::move(disk).error());
  facts.disk = *std::move(disk);
  auto attempts = store::ReadOpenAttempts(options_.state_folder, options_.now(), options_.patience);
  if (!attempts) return Fail(std::move(attempts).error());
  facts.attempts = *std::move(attempts);
  const auto begin = std::chrono::steady_clock::now();
  for (store::DatabaseSize& size : store::ReadSizes(options_.state_folder)) {
    rpc::CheckedDatabase& database = facts.databases.emplace_back();
    database.size = std::move(size);
    const auto spent =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    if (check_databases) Check(&database, kCheckLimit - std::min(spent, kCheckLimit));
  }
  facts.queues = options_.queues();
  facts.clocks = options_.clocks();
  facts.time = options_.now();  // last, so that the check does not look like a clock that is wrong
  return facts;
}

void MaintenanceThread::Check(rpc::CheckedDatabase* database, std::chrono::milliseconds limit) {
  auto check = store::IntegrityCheck::Open(options_.state_folder + "/" + database->size.name);
  if (!check) {
    database->problem = check.error().message();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    running_ = check->get();
  }
  Status sound;
  {
    const Alarm alarm(check->get(), limit);
    sound = (*check)->Run(store::IntegrityCheck::Depth::kQuick);
  }
  const std::lock_guard lock(mutex_);
  running_ = nullptr;
  database->checked = sound || sound.error().code() == Code::kDataLoss;
  if (!sound && database->checked) database->problem = sound.error().message();
  if (!sound && !database->checked) database->problem = "it could not be read to its end in time";
}

}  // namespace optfleet::app
