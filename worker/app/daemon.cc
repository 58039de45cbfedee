#include "worker/app/daemon.h"

#include <signal.h>

#include <boost/asio/post.hpp>
#include <random>
#include <utility>

#include "common/log.h"
#include "common/rundir/process_identity.h"
#include "worker/app/trainer_check.h"

extern char** environ;

namespace optfleet::worker {
namespace {

// Between a record on disk and its way to the coordinator.
constexpr auto kScanPeriod = std::chrono::milliseconds(50);
// After a shim has ended; several that end together are seen by one scan.
constexpr auto kScanSoon = std::chrono::milliseconds(1);
constexpr Duration kAfterBadLog = std::chrono::seconds(30);
// Some 1.5 MiB on the wire, to which one more batch of an attempt may come; gRPC takes 4 MiB.
constexpr int64_t kPointsPerReport = 150'000;
constexpr size_t kAttemptsPerReport = 256;

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> lines;
  for (char** line = environ; *line; ++line) lines.emplace_back(*line);
  return lines;
}

std::function<double()> Random() {
  auto generator = std::make_shared<std::mt19937_64>(std::random_device{}());
  return [generator] { return std::uniform_real_distribution<double>(0, 1)(*generator); };
}

Duration Since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begin);
}

}  // namespace

Daemon::Daemon(const CommandLine& line, Root root, std::vector<Slot> slots, Identity identity)
    : line_(line),
      root_(std::move(root)),
      started_at_(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now())),
      started_steady_(std::chrono::steady_clock::now()),
      scan_timer_(loop_),
      signals_(loop_, SIGTERM, SIGINT, SIGHUP),
      metrics_(identity.worker_id),
      scrape_(&loop_,
              [this] {
                metrics_.Show(engine_.Summarize(), hands_.waiting());
                return metrics_.Text();
              }),
      engine_({.slots = std::move(slots),
               .labels = line.labels,
               .host_memory_bytes = line.host_memory_bytes.value_or(0),
               .grace = line.grace,
               .stop_on_partition = line.stop_on_partition},
              started_at_),
      directories_(root_.path()),
      hands_(root_.path(), {line.shim, line.trainer, OwnEnvironment()},
             [this](Input input) {
               boost::asio::post(loop_, [this, input = std::move(input)] { Handle(input); });
             }),
      client_(std::move(identity), line.coordinator, Random(),
              [this](std::function<void()> work) { boost::asio::post(loop_, std::move(work)); }) {
  signals_.add(SIGUSR1);
  signals_.add(SIGUSR2);
  signals_.add(SIGCHLD);
}

Status Daemon::Listen() {
  if (line_.metrics.empty()) return {};
  const auto address = scrape_.Listen(line_.metrics);
  if (!address) return Fail(address.error());
  Log(Level::kInfo, "worker.metrics", {{"address", *address}});
  return {};
}

int Daemon::Run() {
  RemoveUnfinished(root_.path());
  RemoveHalfDeleted(root_.path());
  CheckTrainer();
  WaitForSignal();
  Scan();
  loop_.run();
  Log(Level::kInfo, "worker.left", {{"code", exit_code_}});
  return exit_code_;
}

// Beside the rest, since a trainer with LibTorch takes half a second to answer; an attempt that starts before
// is refused by the trainer itself.
void Daemon::CheckTrainer() {
  hands_.Run([this] {
    const auto status = CheckTrainerVersion(line_.trainer, OwnEnvironment());
    if (status) return;
    boost::asio::post(loop_, [this, message = status.error().message()] {
      if (leaving_) return;
      Log(Level::kError, "worker.trainer", {{"error", message}});
      exit_code_ = 1;
      Do(Leave{});
    });
  });
}

void Daemon::ScheduleScan(std::chrono::milliseconds delay) {
  const auto due = std::chrono::steady_clock::now() + delay;
  scan_timer_.expires_at(due);
  scan_timer_.async_wait([this, due](boost::system::error_code error) {
    if (error || leaving_) return;
    metrics_.ObserveLoopLag(Since(due));
    Scan();
  });
}

void Daemon::Scan() {
  scan_is_soon_ = false;
  hands_.Reap();
  Handle(DirectoriesScanned{directories_.Scan()});
  if (!leaving_) ScheduleScan(kScanPeriod);
}

void Daemon::WaitForSignal() {
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    OnSignal(number);
    if (!leaving_) WaitForSignal();
  });
}

// Its attempt has ended, and its slot may be given to the next one.
void Daemon::OnChildEnded() {
  if (scan_is_soon_ || leaving_) return;
  scan_is_soon_ = true;
  ScheduleScan(kScanSoon);
}

void Daemon::OnSignal(int number) {
  if (number == SIGCHLD) return OnChildEnded();
  if (number == SIGUSR1 || number == SIGUSR2)
    return SetLogLevel(number == SIGUSR1 ? Level::kDebug : line_.log.level);
  Log(Level::kInfo, "worker.signal", {{"signal", number}});
  // A killed parent sends its parent-death signal once for each of its threads: what comes within a moment of
  // the first is the same wish, not the second one that would leave trainers behind.
  constexpr std::chrono::seconds kSameWish{1};
  const auto now = std::chrono::steady_clock::now();
  if (line_.parent_death && asked_to_end_ && now - *asked_to_end_ < kSameWish) return;
  if (!asked_to_end_) asked_to_end_ = now;
  // A drain under way is cut short by the second signal.
  if (!line_.stop_on_exit || engine_.draining()) return Do(Leave{});
  Handle(DrainRequested{});
}

void Daemon::Handle(const Input& input) {
  if (leaving_) return;
  for (const Effect& effect : engine_.Handle(input, Now()))
    std::visit([this](const auto& value) { Do(value); }, effect);
}

Time Daemon::Now() const { return started_at_ + Since(started_steady_); }

void Daemon::Do(const Synchronize& effect) {
  const auto begin = std::chrono::steady_clock::now();
  client_.Synchronize(effect.request, [this, begin](Result<SyncAnswer> answer, Duration retry_after) {
    if (answer) {
      metrics_.ObserveSynchronize(Since(begin));
      OnContact({});
      return Handle(AnswerReceived{std::move(*answer)});
    }
    metrics_.CountFailedCall("Synchronize");
    OnContact(Fail(answer.error()));
    Handle(ContactFailed{retry_after});
  });
}

void Daemon::OnContact(const Status& status) {
  if (in_contact_ == status.has_value()) return;
  in_contact_ = status.has_value();
  if (status) return Log(Level::kInfo, "coordinator.found", {});
  const bool refused = status.error().code() == Code::kFailedPrecondition;
  Log(refused ? Level::kError : Level::kWarn, refused ? "coordinator.refused" : "coordinator.lost",
      {{"error", status.error().message()}, {"trainers", "go on"}});
}

void Daemon::Do(const ReportRecords& effect) {
  std::vector<AttemptBatch> batches;
  int64_t points = 0;
  for (const ReportRecords::Of& of : effect.attempts) {
    auto batch = records_.Read(of.folder, of.after);
    if (!batch) {
      Log(Level::kWarn, "records.unreadable",
          {{"attempt", of.key.attempt}, {"error", batch.error().message()}});
      boost::asio::post(loop_, [this, key = of.key] {
        Handle(RecordsHeld{key, std::nullopt, kAfterBadLog});
      });
      continue;
    }
    for (const auto& record : batch->records) points += static_cast<int64_t>(record.points.size());
    batches.push_back({of.key, *std::move(batch)});
    if (points < kPointsPerReport && batches.size() < kAttemptsPerReport) continue;
    Report(std::exchange(batches, {}));
    points = 0;
  }
  if (!batches.empty()) Report(std::move(batches));
}

void Daemon::Report(std::vector<AttemptBatch> batches) {
  for (const AttemptBatch& one : batches)
    metrics_.CountRecords(static_cast<int64_t>(one.batch.records.size()));
  auto shared = std::make_shared<const std::vector<AttemptBatch>>(std::move(batches));
  client_.Report(*shared, [this, shared](Result<std::vector<int64_t>> held, Duration retry_after) {
    if (!held) metrics_.CountFailedCall("ReportMetrics");
    // What is wrong with the records of one attempt is no matter of the others.
    if (!held && held.error().code() == Code::kInvalidArgument && shared->size() > 1) {
      for (const AttemptBatch& one : *shared) Report({one});
      return;
    }
    for (size_t i = 0; i < shared->size(); ++i)
      Handle(RecordsHeld{(*shared)[i].key, held ? std::optional((*held)[i]) : std::nullopt, retry_after});
  });
}

void Daemon::Do(const SignalTrainer& effect) {
  const auto status = rundir::SignalTrainer(effect.trainer, effect.signal);
  Log(Level::kWarn, "attempt.signal",
      {{"attempt", effect.key.attempt},
       {"pid", effect.trainer.trainer_pid},
       {"signal", effect.signal},
       {"result", status ? "sent" : status.error().message()}});
}

void Daemon::Do(const Remove& effect) {
  records_.Close(effect.folder);
  hands_.Do(effect);
}

void Daemon::Do(const Note& effect) {
  Log(effect.warning ? Level::kWarn : Level::kInfo, effect.event,
      {{"attempt", effect.attempt}, {"text", effect.text}});
}

void Daemon::Do(const Leave&) {
  leaving_ = true;
  loop_.stop();
}

}  // namespace optfleet::worker
