#include "tests/coordinator/simulation/world.h"

#include <algorithm>
#include <map>

#include "common/kept_path.h"
#include "tests/coordinator/simulation/essence.h"

namespace optfleet::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kWatchPeriod = milliseconds(250);
constexpr Duration kIdlePatience = seconds(2);
constexpr Duration kStoppedBy = seconds(30);  // of quiet: what was ordered to stop has stopped

}  // namespace

NetworkOptions World::StormOf(const WorldOptions& options) {
  NetworkOptions storm;
  if (!options.faults) return storm;
  if (context_.dice.Chance(0.7)) storm.lost = 0.12 * context_.dice.Share();
  if (context_.dice.Chance(0.7)) storm.doubled = 0.12 * context_.dice.Share();
  if (context_.dice.Chance(0.7)) storm.delayed = 0.15 * context_.dice.Share();
  return storm;
}

World::World(const WorldOptions& options, Coverage* coverage)
    : options_(options),
      context_(options.seed, coverage),
      checker_(&context_),
      network_(&context_, StormOf(options)),
      coordinator_(&context_, &checker_, options.seed),
      sweeps_server_(&coordinator_, &checker_),
      client_(&context_, &network_, &coordinator_, &checker_) {
  context_.faults = options.faults;
  coordinator_.OnDue([this](const std::set<std::string>& sweeps) { sweeps_server_.Due(sweeps); });
  network_.SetServer(
      [this](const std::string& path, const std::string& request, const Network::Reply& reply) {
        const auto answer = [this, path, request, reply](Result<std::string> result) {
          if (result) client_.NoteAnswered(path, request, *result);
          reply(std::move(result));
        };
        if (!sweeps_server_.Serve(path, request, answer)) coordinator_.Serve(path, request, answer);
      });
  const int count = 1 + static_cast<int>(context_.dice.Below(3));
  for (int i = 0; i < count; ++i) {
    Node node;
    node.machine = std::make_unique<Machine>(
        &context_, "w" + std::to_string(i),
        (i == 0 ? 2 : 1) + static_cast<int>(context_.dice.Below(i == 0 ? 2 : 3)));  // one has room for a gang
    node.worker = std::make_unique<WorkerProcess>(&context_, node.machine.get(), &network_);
    node.machine->OnDeleteKept(
        [this, id = node.machine->id()](const worker::KeptName& name) { checker_.DeletedKept(id, name); });
    nodes_.push_back(std::move(node));
  }
}

void World::StartWorkerLater(Node* node, Duration delay) {
  context_.agenda.After(delay, [node] {
    if (!node->worker->up()) node->worker->Start();
  });
}

void World::Begin() {
  coordinator_.Start();
  for (Node& node : nodes_) StartWorkerLater(&node, context_.dice.Between(Duration(0), seconds(1)));
  const int sweeps = 1 + static_cast<int>(context_.dice.Below(4));
  for (int i = 0; i < sweeps; ++i) {
    context_.agenda.After(i == 0 ? Duration(0) : context_.dice.Between(Duration(0), options_.chaos / 2),
                          [this] { Submit(); });
  }
  for (uint64_t count = context_.dice.Below(4); count > 0; --count)
    context_.agenda.After(context_.dice.Between(seconds(5), options_.chaos), [this] { Pin(); });
  if (options_.faults) PlanFaults();
  Watch();
}

// Each run has a few kinds of faults, and those often: a mixture of everything hides what two of a kind do.
void World::PlanFaults() {
  std::vector<Fault> kinds;
  for (int i = static_cast<int>(Fault::kPartition); i < static_cast<int>(Fault::kCount); ++i)
    if (context_.dice.Chance(0.3)) kinds.push_back(static_cast<Fault>(i));
  const bool restores = context_.dice.Chance(0.25);
  if (!restores) std::erase(kinds, Fault::kBackupRestored);
  if (!context_.dice.Chance(0.4)) std::erase(kinds, Fault::kMetricsThrownAway);
  for (uint64_t count = 2 + context_.dice.Below(12); count > 0 && !kinds.empty(); --count) {
    const Fault fault = kinds[context_.dice.Below(kinds.size())];
    context_.agenda.After(context_.dice.Between(Duration(0), options_.chaos),
                          [this, fault] { Disturb(fault); });
  }
  if (restores)
    context_.agenda.After(context_.dice.Between(seconds(1), options_.chaos / 2),
                          [this] { coordinator_.TakeBackup(); });
  for (uint64_t count = context_.dice.Below(3); count > 0; --count)
    context_.agenda.After(context_.dice.Between(seconds(1), options_.chaos), [this] { Cancel(); });
  PlanOperations();
}

void World::Cancel() {
  const auto& rows = checker_.rows();
  if (rows.jobs.empty()) return;
  auto job = rows.jobs.begin();
  std::advance(job, static_cast<int64_t>(context_.dice.Below(rows.jobs.size())));
  if (context_.dice.Chance(0.3)) return client_.CancelSweep(job->first.sweep);
  client_.CancelJob(job->first);
}

std::optional<worker::KeptName> World::PickKept() {
  const auto kept = nodes_[context_.dice.Below(nodes_.size())].machine->ScanKept();
  if (kept.empty()) return std::nullopt;
  return kept[context_.dice.Below(kept.size())].name;
}

void World::Submit() {
  domain::KeepPolicy keep;
  if (context_.dice.Chance(0.4)) keep.best_jobs = static_cast<int32_t>(context_.dice.Below(3));
  if (context_.dice.Chance(0.4)) keep.best = 1;
  if (context_.dice.Chance(0.4)) keep.last = 1;
  std::string start;
  if (const auto name = PickKept(); name && context_.dice.Chance(0.5)) {
    start = "/root/kept/" +
            ToFolder({*ParseAttemptResource(name->key.attempt), name->key.fence.incarnation}) + "/" +
            CheckpointFolder(name->step) + "/weights.safetensors";
  }
  // Dice of their own, so that histories without them stay as they were.
  Dice other(options_.seed * 16 + static_cast<uint64_t>(++submitted_));
  const int64_t first_rung = other.Chance(0.25) ? 1 + static_cast<int64_t>(other.Below(6)) : 0;
  const int stages = other.Chance(0.2) ? 1 + static_cast<int>(other.Below(3)) : 0;
  const int rule = other.Chance(0.25) ? 1 + static_cast<int>(other.Below(3)) : 0;
  Dice third(options_.seed * 16 + static_cast<uint64_t>(submitted_) + (uint64_t{1} << 40));
  const int guard = third.Chance(0.2) ? 1 + static_cast<int>(third.Below(3)) : 0;
  const bool maximize = third.Chance(0.2);
  if (guard > 0) context_.coverage->Count("sweeps with a guard");
  if (rule > 0) context_.coverage->Count("sweeps with a rule that stops jobs");
  if (first_rung > 0) context_.coverage->Count("sweeps with halving");
  const int rounds = stages > 0 && other.Chance(0.5) ? 1 + static_cast<int>(other.Below(3)) : 0;
  if (stages > 0) context_.coverage->Count("sweeps with stages");
  if (rounds > 0) context_.coverage->Count("sweeps with stages in rounds");
  client_.CreateSweep("s" + std::to_string(submitted_), 1 + static_cast<int>(context_.dice.Below(8)),
                      context_.dice.Chance(0.3) ? 1 + static_cast<int>(context_.dice.Below(3)) : 0,
                      context_.dice.Chance(0.2), keep, {first_rung, stages, rounds, rule, guard, maximize},
                      start);
}

void World::Pin() {
  const auto name = PickKept();
  if (name) client_.Pin({*ParseAttemptResource(name->key.attempt), name->step});
}

// What is looked at from time to time rather than after each event.
void World::Watch() {
  for (Node& node : nodes_) node.machine->CheckSlots();
  if (context_.dice.Chance(0.02)) coordinator_.CompareWithReloaded();
  if (!checker_.rows().coming.empty() && context_.dice.Chance(0.2)) LookInside();
  if (!context_.faults) CheckIdle();
  context_.agenda.After(kWatchPeriod, [this] { Watch(); });
}

// While something is written in parts; what a reader sees is what was committed, unless a commit is open.
void World::LookInside() {
  if (coordinator_.up()) checker_.CheckReaders(coordinator_.vfs_name());
}

// Whether some worker has room for the queued job, said more simply than the scheduler does: nobody waits for
// a gang and nothing is reserved.
bool World::CouldStart(const engine::State& state, const domain::Job& job) {
  const domain::JobStatus& status = job.status;
  if (status.state != domain::JobState::kQueued || (status.not_before && *status.not_before > state.now))
    return false;
  if (!state.reservations.empty()) return false;
  const engine::LiveSweep& sweep = state.sweeps.at(job.name().sweep);
  if (sweep.row.pause != domain::Pause::kNo) return false;
  if (sweep.row.max_running > 0 && sweep.on_slots >= sweep.row.max_running) return false;
  for (const auto& [id, worker] : state.workers) {
    if (worker.row.state != domain::WorkerState::kReady || !worker.heard || worker.row.excluded_until ||
        worker.row.drain != domain::Pause::kNo)
      continue;
    if (!status.bound_worker.empty() && status.bound_worker != id) continue;
    std::map<int32_t, int32_t> taken;  // percent, by slot
    for (const AttemptName& name : worker.attempts) {
      const engine::LiveJob& other = state.jobs.at(name.job);
      for (const int32_t slot : other.attempts.at(name.attempt).row.slots)
        taken[slot] += other.row.definition.resources.share;
    }
    for (const auto& [name, occupied] : worker.reported)
      if (!worker.attempts.contains(name))
        for (const int32_t slot : occupied.slots) taken[slot] += occupied.share;
    const auto free =
        std::count_if(worker.row.slots.begin(), worker.row.slots.end(), [&](const domain::Slot& slot) {
          return taken[slot.index] + job.definition.resources.share <= domain::kWholeSlot;
        });
    if (free >= job.definition.resources.slots) return true;
  }
  return false;
}

// In quiet, no slot stays free while a job that may use it waits.
void World::CheckIdle() {
  const engine::Engine* engine = coordinator_.engine();
  bool idle = false;
  if (engine != nullptr) {
    const engine::State& state = engine->state();
    for (const auto& [name, job] : state.jobs) idle = idle || CouldStart(state, job.row);
    for (const domain::Job& job : FreshJobsOf(state)) idle = idle || CouldStart(state, job);
  }
  const Time now = context_.agenda.now();
  if (!idle) idle_since_.reset();
  if (idle && !idle_since_) idle_since_ = now;
  if (idle && now - *idle_since_ > kIdlePatience)
    context_.Violate("nothing idles that could run", "a slot is free and a job that may use it waits");
}

void World::CalmDown() {
  context_.trace.Say(context_.agenda.now(), "world", [] { return "quiet from here on"; });
  context_.faults = false;
  network_.Heal();
  coordinator_.Heal();
  for (Node& node : nodes_) {
    node.machine->SetDiskFull(false);
    if (!node.worker->up()) StartWorkerLater(&node, seconds(1));
  }
}

bool World::IsOver() {
  if (!coordinator_.up() || !client_.idle() || !checker_.AllEnded()) return false;
  if (!checker_.Uncollected().empty()) return false;
  return std::all_of(nodes_.begin(), nodes_.end(), [](Node& node) {
    // A worker that drained itself away comes back once more.
    return node.worker->up() && node.machine->directories() == 0;
  });
}

std::optional<Violation> World::Run() {
  Begin();
  const Time quiet = context_.agenda.now() + (options_.faults ? options_.chaos : Duration(0));
  while (!context_.violation && context_.agenda.DoNext(quiet)) {
  }
  if (context_.violation) return context_.violation;
  CalmDown();
  const Time end = quiet + options_.patience;
  Time next_look = quiet;
  while (!context_.violation && context_.agenda.DoNext(end)) {
    if (context_.agenda.now() < next_look) continue;
    if (context_.agenda.now() - quiet > kStoppedBy) LetGoOn();
    if (IsOver() && submitted_ > 0 && context_.agenda.now() > quiet + seconds(1)) break;
    for (Node& node : nodes_)
      if (!node.worker->up()) StartWorkerLater(&node, seconds(1));
    next_look = context_.agenda.now() + milliseconds(500);
  }
  if (context_.violation) return context_.violation;
  if (!checker_.AllEnded()) {
    for (const auto& [name, job] : checker_.rows().jobs)
      if (job.status.state != domain::JobState::kEnded)
        context_.Violate("everything finishes", ToResource(name) + " is still " +
                                                    std::string(domain::Name(job.status.state)) + ": " +
                                                    job.status.reason);
  }
  if (!client_.idle()) context_.Violate("everything finishes", "a client still waits for its answer");
  for (Node& node : nodes_)
    if (node.machine->directories() > 0)
      context_.Violate(
          "a worker forgets what nobody needs",
          std::to_string(node.machine->directories()) + " run directories stay on " + node.machine->id());
  if (const std::string left = checker_.Uncollected(); !context_.violation && !left.empty())
    context_.Violate("what nobody needs is deleted", left);
  coordinator_.CompareWithReloaded();
  checker_.CheckKeptWord();
  checker_.CheckDatabases(coordinator_.vfs_name());
  CountOutcomes();
  return context_.violation;
}

void World::CountOutcomes() {
  for (const auto& [name, attempt] : checker_.rows().attempts) {
    context_.coverage->Count("attempts");
    if (attempt.outcome == Outcome::kLost) context_.coverage->Count("attempts lost");
    if (attempt.outcome == Outcome::kFailed) context_.coverage->Count("attempts failed");
    if (attempt.parent == 0) continue;
    context_.coverage->Count("attempts resumed");
    const auto parent = checker_.rows().attempts.find({name.job, attempt.parent});
    if (parent != checker_.rows().attempts.end() && parent->second.outcome == Outcome::kLost)
      context_.coverage->Count("attempts resumed from a lost one");
  }
  for (const auto& [name, job] : checker_.rows().jobs) {
    if (!job.status.stop_reason.empty() && job.status.outcome == Outcome::kStoppedEarly)
      context_.coverage->Count("jobs stopped by a rule");
    context_.coverage->Count(job.status.outcome == Outcome::kSucceeded ? "jobs succeeded"
                                                                       : "jobs ended otherwise");
  }
}

}  // namespace optfleet::simulation
