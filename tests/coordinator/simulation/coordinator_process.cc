#include "tests/coordinator/simulation/coordinator_process.h"

#include <algorithm>

#include "coordinator/engine/state.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/store/open_stores.h"

namespace optfleet::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLongestSleep = seconds(1);
constexpr size_t kBatchLimit = 64;

std::string NewVfsName() {
  static int count = 0;
  return "simulation-" + std::to_string(++count);
}

engine::Options ScaledOptions() {
  engine::Options options;
  options.lease = kLease;
  options.longest_backoff = seconds(8);
  options.first_exclusion = seconds(6);
  options.longest_exclusion = seconds(20);
  return options;
}

}  // namespace

CoordinatorProcess::CoordinatorProcess(Context* context, Checker* checker, uint64_t seed)
    : context_(context),
      checker_(checker),
      disk_(seed),
      vfs_(NewVfsName(), &disk_, [this] { return wall(); }),
      engine_options_(ScaledOptions()),
      methods_([](std::string_view, std::string_view, double) {}) {
  rpc::AddMethods(&methods_, this);
}

CoordinatorProcess::~CoordinatorProcess() {
  disk_.Kill();  // closing changes nothing any more
}

store::StoreOptions CoordinatorProcess::Options() const {
  return {.folder = "state", .file_system_type = {}, .vfs = vfs_.name()};
}

void CoordinatorProcess::Later(Duration delay, std::function<void()> work) {
  context_->agenda.After(delay, [this, life = life_, work = std::move(work)] {
    if (life != life_) return;
    if (context_->agenda.now() < asleep_until_) return Later(asleep_until_ - context_->agenda.now(), work);
    work();
  });
}

Status CoordinatorProcess::Open() {
  auto stores = store::OpenStores(Options());
  if (!stores) return Fail(std::move(stores).error());
  state_ = std::move(stores->state);
  metrics_ = std::move(stores->metrics);
  auto engine = engine::Engine::Create(engine_options_, std::move(stores->saved), wall());
  if (!engine) return Fail(std::move(engine).error());
  engine_ = *std::move(engine);
  return {};
}

void CoordinatorProcess::Start() {
  if (CrashesAt(CrashPoint::kWhileOpening, Fault::kCrashWhileOpening))
    disk_.StopAt(1 + static_cast<int64_t>(context_->dice.Below(12)));
  const Status opened = Open();
  if (!opened) {
    context_->trace.Say(context_->agenda.now(), "coordinator",
                        [&] { return "cannot start: " + opened.error().message(); });
    if (opened.error().code() == Code::kDataLoss)
      context_->Violate("the database opens after any crash", opened.error().message());
    return Die(disk_.stopped() && context_->dice.Chance(0.5) ? std::optional(PowerCut::kSomeSectors)
                                                             : std::nullopt);
  }
  if (disk_.stopped()) return Die();
  context_->trace.Say(context_->agenda.now(), "coordinator", [] { return "is up"; });
  checker_->Opened(vfs_.name(), engine_->state(), metrics_.get());
  WakeLoop(Duration(0));
}

void CoordinatorProcess::Die(std::optional<PowerCut> power) {
  context_->trace.Say(context_->agenda.now(), "coordinator", [&] { return power ? "power cut" : "dies"; });
  if (power) {
    disk_.CutPower(*power);
  } else {
    disk_.Kill();
  }
  ++life_;
  engine_.reset();
  reader_.reset();
  metrics_.reset();
  state_.reset();
  inputs_.clear();
  held_.clear();
  reports_.clear();
  links_.clear();
  loop_awake_ = writer_awake_ = false;
  fail_metrics_ = false;
  // Sometimes for longer than a lease.
  const Duration down = context_->faults && context_->dice.Chance(0.15)
                            ? context_->dice.Between(kLease, kLease * 2)
                            : context_->dice.Between(milliseconds(50), seconds(2));
  Later(down, [this] { Start(); });
}

bool CoordinatorProcess::CrashesAt(CrashPoint point, Fault fault) {
  if (crash_at_ != point) return false;
  crash_at_ = CrashPoint::kNone;
  context_->coverage->Met(fault);
  return true;
}

void CoordinatorProcess::Serve(const std::string& path, const std::string& request, Network::Reply reply) {
  if (!up()) return reply(Fail(Code::kUnavailable, "connection refused"));
  const auto* method = methods_.Find(path);
  const std::shared_ptr<rpc::MethodTable::Message> message(method->request->New());
  const std::shared_ptr<rpc::MethodTable::Message> response(method->response->New());
  if (!message->ParseFromString(request)) return context_->Violate("the wire", path + " cannot be read");
  methods_.Call(path, *message, response.get(),
                [this, life = life_, path, response, reply](const auto& error) {
                  if (life != life_) return;
                  if (!error) return reply(response->SerializeAsString());
                  if (error->code == Code::kInvalidArgument)
                    context_->Violate("the wire", path + ": " + error->message);
                  reply(Fail(error->code, error->message));
                });
}

bool CoordinatorProcess::Post(engine::Input input, OnAnswer on_answer) {
  inputs_.push_back({std::move(input), std::move(on_answer)});
  WakeLoop(context_->dice.Between(Duration(0), milliseconds(8)));
  return true;
}

bool CoordinatorProcess::Read(std::function<void(store::ReadStore&)> read) {
  Later(milliseconds(1), [this, read = std::move(read)] {
    if (!up()) return;
    if (!reader_) {
      auto opened = store::ReadStore::Open("state", vfs_.name());
      if (!opened) return;
      reader_ = *std::move(opened);
    }
    read(*reader_);
  });
  return true;
}

bool CoordinatorProcess::Work(std::function<void()> work) {
  // Expanding a part of a large grid takes its time, in which much may happen.
  Later(context_->faults ? context_->dice.Between(milliseconds(1), milliseconds(700)) : milliseconds(5),
        std::move(work));
  return true;
}

bool CoordinatorProcess::Append(std::vector<store::RecordBatch> batches, OnHeld on_held) {
  reports_.push_back({std::move(batches), std::move(on_held)});
  WakeWriter(context_->dice.Between(Duration(0), milliseconds(8)));
  return true;
}

void CoordinatorProcess::WakeLoop(Duration delay) {
  if (loop_awake_) return;
  loop_awake_ = true;
  Later(std::max(delay, busy_until_ - context_->agenda.now()), [this] { RunLoop(); });
}

void CoordinatorProcess::TraceEvents(const engine::Changes& changes) const {
  if (!context_->trace.on()) return;
  for (const domain::Event& event : changes.events)
    context_->trace.Say(context_->agenda.now(), "coordinator", [&] {
      return event.subject + " " + event.what + (event.reason.empty() ? "" : ": " + event.reason);
    });
}

// One round of EngineLoop: a batch of inputs, one commit, then the answers.
void CoordinatorProcess::RunLoop() {
  loop_awake_ = false;
  engine::Changes changes;
  std::vector<std::pair<OnAnswer, engine::Answer>> answers;
  const auto handle = [&](const engine::Input& input) {
    checker_->Before(engine_->state(), input);
    engine::Effects effects = engine_->Handle(input, wall());
    checker_->After(*engine_, effects, wall());
    changes.Append(std::move(effects.changes));
    return std::move(effects.answer);
  };
  for (const auto& [attempt, held] : std::exchange(held_, {})) handle(held);
  for (size_t i = 0; i < kBatchLimit && !inputs_.empty(); ++i) {
    Waiting waiting = std::move(inputs_.front());
    inputs_.pop_front();
    answers.emplace_back(std::move(waiting.on_answer), handle(waiting.input));
  }
  if (engine_->next_tick() <= wall()) handle(engine::Tick{});
  if (CrashesAt(CrashPoint::kBeforeCommit, Fault::kCrashBeforeCommit)) return Die();
  if (!changes.empty()) {
    const bool stops = CrashesAt(CrashPoint::kInsideCommit, Fault::kCrashInsideCommit);
    if (stops) disk_.StopAt(1 + static_cast<int64_t>(context_->dice.Below(12)));
    checker_->Committing(changes);
    const Status stored = state_->Commit(changes);
    const bool stopped = disk_.stopped();
    if (stored && !stopped) checker_->Committed();
    TraceEvents(changes);
    if (!stored && stored.error().message().find("constraint") != std::string::npos)
      context_->Violate("what the engine says can be written", stored.error().message());
    if (!stored || stopped || stops) {
      // GiveUp: whoever waits hears UNAVAILABLE, or nothing if the process was killed.
      if (!stored && !stopped)
        for (auto& [on_answer, answer] : answers)
          if (on_answer) on_answer(Error(Code::kUnavailable, stored.error().message()));
      return Die(stopped && context_->dice.Chance(0.6)
                     ? std::optional(context_->dice.Chance(0.5) ? PowerCut::kNothing : PowerCut::kSomeSectors)
                     : std::nullopt);
    }
  }
  if (CrashesAt(CrashPoint::kBeforeSend, Fault::kCrashBeforeSend))
    return Die(context_->dice.Chance(0.5) ? std::optional(PowerCut::kNothing) : std::nullopt);
  for (const domain::Attempt& attempt : changes.attempts) links_.insert_or_assign(attempt.name, attempt);
  if (!links_.empty()) WakeWriter(Duration(0));
  const Duration slow = disk_.TakeTimeSpent();
  busy_until_ = context_->agenda.now() + slow;
  for (auto& [on_answer, answer] : answers) AddSpecs(&answer);
  Later(slow, [answers = std::move(answers)] {
    for (const auto& [on_answer, answer] : answers)
      if (on_answer) on_answer(answer);
  });
  tell_due_(engine_->due_stages());
  // Time to the next tick, but never more than a second, as EngineLoop.
  const Time tick = engine_->next_tick();
  const Duration sleep =
      tick - wall() > kLongestSleep ? kLongestSleep : std::max(tick - wall(), Duration(milliseconds(1)));
  Later(sleep, [this, timer = ++timer_] {
    if (timer == timer_) WakeLoop(Duration(0));
  });
  if (!inputs_.empty()) WakeLoop(Duration(0));
}

// As EngineLoop: the engine does not keep the specs.
void CoordinatorProcess::AddSpecs(engine::Answer* answer) {
  auto* synchronized = std::get_if<engine::SynchronizeAnswer>(answer);
  if (synchronized == nullptr) return;
  for (engine::DesiredAttempt& desired : synchronized->attempts) {
    if (!desired.with_spec) continue;
    auto spec = state_->SpecOf(desired.attempt.job);
    if (!spec) {
      *answer = spec.error();
      return;
    }
    desired.spec_json = *std::move(spec);
  }
}

void CoordinatorProcess::TakeBackup() {
  if (!up()) return;
  auto connection =
      store::Connection::Open("state/state.db", store::Connection::Mode::kReadOnly, vfs_.name());
  if (!connection || !connection->Execute("VACUUM INTO 'state/backup'")) return;
  backup_ = disk_.Find("state/backup")->bytes;
  disk_.Remove("state/backup");
  checker_->BackupTaken();
  context_->trace.Say(context_->agenda.now(), "coordinator", [] { return "backup taken"; });
}

void CoordinatorProcess::Heal() {
  disk_.SetCapacity(-1);
  disk_.SetSyncTime(Duration(0));
  asleep_until_ = std::min(asleep_until_, context_->agenda.now());
  crash_at_ = CrashPoint::kNone;
}

}  // namespace optfleet::simulation
