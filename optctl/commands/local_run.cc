#include "optctl/commands/local_run.h"

#include "common/text.h"
#include "optctl/commands/lists.h"
#include "optctl/commands/request_id.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/reuse_view.h"

namespace optfleet::commands {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPoll{20};
constexpr milliseconds kCallDeadline{5'000};
constexpr std::chrono::seconds kStartPatience{60};
constexpr std::chrono::seconds kWorkerPatience{10};

// The same sweep is the same request from whatever folder and by whatever path it is run.
void MakePlaceless(v1::Sweep& sweep) {
  for (v1::SourceFile& file : *sweep.mutable_files()) {
    const std::string name = file.path().substr(file.path().rfind('/') + 1);
    if (!file.folder().empty()) file.set_path(file.folder() + "/" + name);
  }
  if (sweep.overrides().empty()) sweep.clear_working_folder();
}

// Everything that decides which jobs come out, in one text.
std::string ContentOf(const v1::Sweep& sweep) {
  Json json;
  json["display_name"] = sweep.display_name();
  json["files"] = Json::array();
  for (const v1::SourceFile& file : sweep.files())
    json["files"].push_back({file.path(), file.text(), file.folder()});
  json["overrides"] = std::vector<std::string>(sweep.overrides().begin(), sweep.overrides().end());
  json["working_folder"] = sweep.working_folder();
  json["environment"] =
      std::map<std::string, std::string>(sweep.environment().begin(), sweep.environment().end());
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error Interrupted() {
  return Error(Code::kCancelled, "interrupted before the sweep was submitted; nothing was left behind");
}

// Daemons whose optctl was killed end by themselves, after their trainers have written checkpoints.
Status WaitForEarlier(const Console& console, const LocalCluster& cluster, const std::string& state,
                      Interrupts& interrupts) {
  int64_t pid = cluster.EarlierCoordinator();
  if (pid == 0) return {};
  console.Note("waiting for the daemons of an earlier run in " + ShortPath(state) + " to end");
  const auto until = steady_clock::now() + kStartPatience;
  while ((pid = cluster.EarlierCoordinator()) != 0) {
    if (interrupts.WaitFor(kPoll)) return Fail(Interrupted());
    if (steady_clock::now() > until) {
      return Fail(Code::kFailedPrecondition, "a coordinator already serves in " + state + " (process " +
                                                 std::to_string(pid) +
                                                 "); submit to it with `optctl submit FILE --state " + state +
                                                 "`, or name another folder with --state");
    }
  }
  return {};
}

}  // namespace

std::string ShortPath(const std::string& path) {
  const std::string home = output::ProcessEnvironment("HOME");
  return !home.empty() && home != "/" && path.starts_with(home + "/") ? "~" + path.substr(home.size()) : path;
}

Result<std::unique_ptr<LocalRun>> LocalRun::Start(const Console& console, const LocalClusterOptions& options,
                                                  Interrupts& interrupts) {
  auto cluster = LocalCluster::Open(options);
  if (!cluster) return Fail(std::move(cluster).error());
  OPTFLEET_RETURN_IF_ERROR(WaitForEarlier(console, **cluster, options.state, interrupts));
  OPTFLEET_RETURN_IF_ERROR((*cluster)->StartDaemons());
  std::unique_ptr<LocalRun> run(new LocalRun(console, options.state, *std::move(cluster), options.workers));
  OPTFLEET_RETURN_IF_ERROR(run->WaitForCoordinator(interrupts));
  return run;
}

Result<Client> LocalRun::Open() const {
  auto endpoint = cluster_->Serving();
  if (!endpoint) return Fail(std::move(endpoint).error());
  return Client({endpoint->grpc, state_ + "/endpoint.json"}, kCallDeadline);
}

Status LocalRun::WaitForCoordinator(Interrupts& interrupts) {
  const auto until = steady_clock::now() + kStartPatience;
  for (;;) {
    auto lines = cluster_->Check();
    if (!lines) return Fail(std::move(lines).error());
    for (const std::string& line : *lines) console_.Note(line);
    if (auto client = Open()) {
      auto info = client->GetInfo();
      if (info) {
        const std::string address =
            info->http_address().empty() ? client->address().target : info->http_address();
        console_.Note("coordinator  http://" + address + "   state " + ShortPath(state_));
        return {};
      }
    }
    if (steady_clock::now() > until) {
      return Fail(Code::kUnavailable, "the coordinator did not serve within " +
                                          std::to_string(kStartPatience.count()) + " s; its log: " + state_ +
                                          "/coordinator.log");
    }
    if (interrupts.WaitFor(kPoll)) return Fail(Interrupted());
  }
}

Status LocalRun::MakeRoom(Client& client, const v1::CreateSweepRequest& request, bool replace) {
  auto sweeps = client.ListSweeps();
  if (!sweeps) return Fail(std::move(sweeps).error());
  for (const v1::Sweep& listed : *sweeps) {
    if (listed.state() != v1::Sweep::STATE_ACTIVE || listed.display_name() != request.sweep().display_name())
      continue;
    auto sweep = client.GetSweep(listed.name());
    if (!sweep) return Fail(std::move(sweep).error());
    if (ContentOf(*sweep) == ContentOf(request.sweep())) continue;
    const std::string id = ShortResource(sweep->name());
    if (!replace) {
      return Fail(Code::kFailedPrecondition,
                  "the file has changed since sweep " + id + " was started, and " + id + " has not ended (" +
                      std::to_string(EndedCount(*sweep)) + " of " + std::to_string(sweep->job_count()) +
                      " jobs); --replace cancels it and starts the new one, --state DIR keeps both apart");
    }
    auto cancelled = client.CancelSweep(sweep->name(), "replaced by a changed file");
    if (!cancelled) return Fail(std::move(cancelled).error());
    console_.Note("replaced     " + id + " was cancelled; its results stay");
  }
  return {};
}

Error LocalRun::OrOlderVersion(Client& client, const v1::CreateSweepRequest& request, Error error) {
  if (error.code() != Code::kInvalidArgument) return error;
  const auto sweeps = client.ListSweeps();
  for (const v1::Sweep& listed : sweeps.value_or(std::vector<v1::Sweep>())) {
    if (listed.display_name() != request.sweep().display_name()) continue;
    const auto sweep = client.GetSweep(listed.name());
    if (!sweep || ContentOf(*sweep) != ContentOf(request.sweep())) continue;
    return {
        Code::kFailedPrecondition,
        "sweep " + ShortResource(sweep->name()) +
            " is of the same file, but an earlier Optfleet made other jobs of it; --again trains it anew, "
            "--state DIR keeps both apart"};
  }
  return error;
}

Result<v1::Sweep> LocalRun::Ask(const v1::CreateSweepRequest& request, bool replace) {
  auto client = Open();
  if (!client) return Fail(Code::kUnavailable, client.error().message());
  OPTFLEET_RETURN_IF_ERROR(MakeRoom(*client, request, replace));
  auto sweep = client->CreateSweep(request);
  if (!sweep) return Fail(OrOlderVersion(*client, request, std::move(sweep).error()));
  return sweep;
}

Result<std::string> LocalRun::Submit(const SweepSource& source, const SubmitOptions& options,
                                     Interrupts& interrupts) {
  v1::CreateSweepRequest request = RequestOf(source);
  MakePlaceless(*request.mutable_sweep());
  if (options.reuse) AskForReuse(source, request);
  request.set_request_id(options.again ? RandomRequestId() : RequestIdOf(ContentOf(request.sweep())));
  const auto until = steady_clock::now() + kStartPatience;
  auto sweep = Ask(request, options.replace);
  while (!sweep && sweep.error().code() == Code::kUnavailable && steady_clock::now() < until) {
    auto lines = cluster_->Check();
    if (!lines) return Fail(std::move(lines).error());
    for (const std::string& line : *lines) console_.Note(line);
    if (interrupts.WaitFor(kPoll)) return Fail(Interrupted());
    sweep = Ask(request, options.replace);
  }
  if (!sweep) return Fail(std::move(sweep).error());
  const std::string id = ShortResource(sweep->name());
  const std::string done =
      std::to_string(EndedCount(*sweep)) + " of " + std::to_string(sweep->job_count()) + " jobs";
  if (sweep->state() == v1::Sweep::STATE_CANCELLED) {
    console_.Note("sweep        " + id + " was cancelled with " + done + " ended; --again trains it anew");
  } else if (sweep->state() == v1::Sweep::STATE_ENDED) {
    console_.Note("sweep        " + id + " has been trained before; --again trains it anew");
  } else if (sweep->reused_jobs() > 0 && sweep->reused_jobs() == EndedCount(*sweep)) {
    console_.Note("sweep        " + id + ": the outcomes of " + done + " are taken over");
  } else if (EndedCount(*sweep) > 0) {
    console_.Note("sweep        " + id + " continues: " + done + " had ended");
  }
  return sweep->name();
}

Result<bool> LocalRun::ShowWorkers(Interrupts& interrupts) {
  auto client = Open();
  if (!client) return true;  // it has just been restarted; the watcher waits for it
  const auto until = steady_clock::now() + kWorkerPatience;
  while (steady_clock::now() < until) {
    auto lines = cluster_->Check();
    if (!lines) return Fail(std::move(lines).error());
    const auto workers = client->ListWorkers();
    int ready = 0;
    for (const v1::Worker& worker : workers.value_or(std::vector<v1::Worker>())) {
      ready += worker.state() == v1::Worker::STATE_READY ? 1 : 0;
    }
    if (ready >= workers_) {
      for (const v1::Worker& worker : *workers) {
        if (worker.state() == v1::Worker::STATE_READY)
          console_.Note("worker       this machine: " + SlotsText(worker));
      }
      return true;
    }
    if (interrupts.WaitFor(kPoll)) return false;
  }
  return true;
}

}  // namespace optfleet::commands
