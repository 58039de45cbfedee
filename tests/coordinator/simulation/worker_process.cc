#include "tests/coordinator/simulation/worker_process.h"

#include <utility>
#include <variant>

namespace optfleet::simulation {
namespace {

using std::chrono::milliseconds;
using Work = worker::FolderWorkDone::Work;

// The daemon's times, scaled to a lease of seconds.
constexpr Duration kScanPeriod = milliseconds(200);
constexpr Duration kSyncDeadline = std::chrono::seconds(3);
constexpr Duration kReportDeadline = std::chrono::seconds(4);
constexpr Duration kAfterRefusal = std::chrono::seconds(3);
constexpr Duration kGrace = std::chrono::seconds(4);
constexpr size_t kBatch = 5;  // so that what is held lags behind

template <typename Message>
std::optional<Message> Parse(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) return std::nullopt;
  return message;
}

}  // namespace

WorkerProcess::WorkerProcess(Context* context, Machine* machine, Network* network)
    : context_(context),
      machine_(machine),
      network_(network),
      sync_backoff_([context] { return context->dice.Share(); }),
      report_backoff_([context] { return context->dice.Share(); }) {}

void WorkerProcess::Start() {
  ++life_;
  if (root_number_ == 0) root_number_ = static_cast<int64_t>(context_->dice.Next() >> 33) | 1;
  identity_ = {machine_->id(), root_number_ << 32 | life_, "host-" + machine_->id()};
  worker::EngineOptions options;
  options.slots = machine_->slots();
  options.grace = kGrace;
  engine_ = std::make_unique<worker::Engine>(std::move(options), Now());
  sync_backoff_.Reset();
  report_backoff_.Reset();
  context_->trace.Say(context_->agenda.now(), machine_->id(), [] { return "worker starts"; });
  Scan();
}

void WorkerProcess::Kill() {
  ++life_;
  engine_.reset();
}

void WorkerProcess::Drain() {
  if (engine_) Handle(worker::DrainRequested{});
}

Time WorkerProcess::Now() const { return context_->agenda.now() - machine_->slept(); }

void WorkerProcess::Later(Duration delay, std::function<void()> work) {
  context_->agenda.After(delay, [this, life = life_, work = std::move(work)] {
    if (life != life_) return;
    const Time awake = machine_->asleep_until();
    if (context_->agenda.now() < awake) return Later(awake - context_->agenda.now(), work);
    work();
  });
}

void WorkerProcess::Scan() {
  Handle(worker::DirectoriesScanned{machine_->Scan()});
  if (engine_) Later(kScanPeriod, [this] { Scan(); });
}

void WorkerProcess::Handle(const worker::Input& input) {
  if (!engine_) return;
  const int64_t life = life_;
  for (const worker::Effect& effect : engine_->Handle(input, Now())) {
    std::visit([this](const auto& value) { Do(value); }, effect);
    if (life != life_) return;
  }
}

void WorkerProcess::Do(const worker::Synchronize& effect) {
  const v1::SynchronizeRequest request = worker::ToWire(effect.request, identity_);
  network_->Call(
      machine_->id(), "/optfleet.v1.AgentService/Synchronize", request.SerializeAsString(), kSyncDeadline,
      [this, life = life_](Result<std::string> reply) {
        if (life != life_) return;
        Later(Duration(0), [this, reply = std::move(reply)] {
          if (!reply) {
            const bool refused = reply.error().code() == Code::kFailedPrecondition;
            return Handle(worker::ContactFailed{refused ? kAfterRefusal : sync_backoff_.Next()});
          }
          sync_backoff_.Reset();
          Handle(worker::AnswerReceived{worker::FromWire(*Parse<v1::SynchronizeResponse>(*reply))});
        });
      });
}

void WorkerProcess::Do(const worker::ReportRecords& effect) {
  std::vector<worker::AttemptBatch> batches;
  for (const auto& of : effect.attempts) {
    const RunDirectory* directory = machine_->Find(of.key);
    if (directory != nullptr)
      batches.push_back({of.key, directory->Read(of.after, kBatch)});
    else
      Later(Duration(0), [this, key = of.key] {
        Handle(worker::RecordsHeld{key, std::nullopt, std::chrono::seconds(3)});
      });
  }
  if (batches.empty()) return;
  std::vector<worker::AttemptKey> keys;
  for (const auto& one : batches) keys.push_back(one.key);
  const v1::ReportMetricsRequest request = worker::ToWire(batches, identity_);
  network_->Call(machine_->id(), "/optfleet.v1.AgentService/ReportMetrics", request.SerializeAsString(),
                 kReportDeadline, [this, keys = std::move(keys), life = life_](Result<std::string> reply) {
                   if (life != life_) return;
                   Later(Duration(0), [this, keys, reply = std::move(reply)] { Reported(keys, reply); });
                 });
}

void WorkerProcess::Reported(const std::vector<worker::AttemptKey>& keys, const Result<std::string>& reply) {
  if (reply) report_backoff_.Reset();
  const Duration retry_after = reply ? Duration(0) : report_backoff_.Next();
  const auto response = reply ? Parse<v1::ReportMetricsResponse>(*reply) : std::nullopt;
  const int64_t life = life_;
  for (size_t i = 0; i < keys.size() && life == life_; ++i) {
    std::optional<int64_t> held;
    if (response)
      held = response->held_size() == static_cast<int>(keys.size())
                 ? response->held(static_cast<int>(i)).record()
                 : 0;
    Handle(worker::RecordsHeld{keys[i], held, retry_after});
  }
}

Duration WorkerProcess::HandTime() {
  if (context_->faults && context_->dice.Chance(0.05))
    return context_->dice.Between(milliseconds(100), milliseconds(1500));
  return context_->dice.Between(milliseconds(1), milliseconds(20));
}

void WorkerProcess::Done(const worker::AttemptKey& key, Work work, const Status& status) {
  Handle(worker::FolderWorkDone{key, work, status ? "" : status.error().message()});
}

void WorkerProcess::Do(const worker::PrepareAndLaunch& effect) {
  Later(HandTime(), [this, effect] {
    const worker::AttemptKey key{effect.job.attempt, effect.job.fence};
    const Status prepared = machine_->Prepare(effect.job, effect.parent);
    if (!prepared) return Done(key, Work::kLaunch, prepared);
    Later(HandTime(), [this, key] { Done(key, Work::kLaunch, machine_->Launch(key)); });
  });
}

void WorkerProcess::Do(const worker::Launch& effect) {
  Later(HandTime(), [this, key = worker::AttemptKey{effect.job.attempt, effect.job.fence}] {
    Done(key, Work::kLaunch, machine_->Launch(key));
  });
}

void WorkerProcess::Do(const worker::AskToStop& effect) {
  Later(HandTime(), [this, effect] {
    const Status asked = machine_->AskToStop(effect.key, effect.order);
    Handle(worker::StopAnswered{effect.key, asked.has_value()});
  });
}

void WorkerProcess::Do(const worker::SignalTrainer& effect) {
  machine_->Signal(effect.key, effect.trainer, effect.signal);
}

void WorkerProcess::Do(const worker::Prune& effect) {
  Later(HandTime(), [this, effect] { Done(effect.key, Work::kPrune, machine_->Prune(effect.key)); });
}

void WorkerProcess::Do(const worker::Remove& effect) {
  Later(HandTime(), [this, effect] { Done(effect.key, Work::kRemove, machine_->Remove(effect.key)); });
}

void WorkerProcess::Do(const worker::ScanKept&) {
  Later(HandTime(), [this] { Handle(worker::KeptScanned{machine_->kept_folder(), machine_->ScanKept()}); });
}

void WorkerProcess::Do(const worker::DeleteKeptCheckpoint& effect) {
  Later(HandTime(), [this, name = effect.name] {
    machine_->DeleteKept(name);
    Later(HandTime(), [this, name] { Handle(worker::KeptDeleted{name, ""}); });
  });
}

void WorkerProcess::Do(const worker::Note& effect) {
  context_->trace.Say(context_->agenda.now(), machine_->id(),
                      [&] { return effect.event + " " + effect.attempt + " " + effect.text; });
}

void WorkerProcess::Do(const worker::Leave&) {
  context_->trace.Say(context_->agenda.now(), machine_->id(), [] { return "worker leaves"; });
  ++life_;
  // The engine is in the middle of a call: it goes with the next event.
  context_->agenda.After(Duration(0), [this, life = life_] {
    if (life == life_) engine_.reset();
  });
}

}  // namespace optfleet::simulation
