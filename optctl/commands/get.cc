// optctl get: lists of one kind, and single ones by name.
#include <memory>

#include "optctl/commands/exit_code.h"
#include "optctl/commands/lists.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/show.h"

namespace optfleet::commands {
namespace {

using Names = std::vector<std::string>;

Result<std::vector<v1::Sweep>> FindSweeps(Client& client, const Names& names) {
  if (names.empty()) return client.ListSweeps();
  std::vector<v1::Sweep> found;
  for (const std::string& name : names) {
    auto resource = SweepNamed(name);
    if (!resource) return Fail(std::move(resource).error());
    auto sweep = client.GetSweep(*resource);
    if (!sweep) return Fail(std::move(sweep).error());
    found.push_back(*std::move(sweep));
  }
  return found;
}

// A sweep's name stands for its jobs.
Result<std::vector<v1::Job>> FindJobs(Client& client, const Names& names) {
  if (names.empty()) return client.ListJobs("sweeps/-");
  std::vector<v1::Job> found;
  for (const std::string& name : names) {
    if (auto sweep = SweepNamed(name)) {
      auto jobs = client.ListJobs(*sweep);
      if (!jobs) return Fail(std::move(jobs).error());
      found.insert(found.end(), jobs->begin(), jobs->end());
      continue;
    }
    auto resource = JobNamed(name);
    if (!resource) return Fail(std::move(resource).error());
    auto job = client.GetJob(ToResource(*resource));
    if (!job) return Fail(std::move(job).error());
    found.push_back(*std::move(job));
  }
  return found;
}

// A job's name stands for its attempts.
Result<std::vector<v1::Attempt>> FindAttempts(Client& client, const Names& names) {
  if (names.empty()) return Fail(Code::kInvalidArgument, "whose attempts? `optctl get attempts SWEEP/JOB`");
  std::vector<v1::Attempt> found;
  for (const std::string& name : names) {
    if (auto job = JobNamed(name)) {
      auto attempts = client.ListAttempts(ToResource(*job));
      if (!attempts) return Fail(std::move(attempts).error());
      found.insert(found.end(), attempts->begin(), attempts->end());
      continue;
    }
    auto resource = AttemptNamed(name);
    if (!resource) return Fail(std::move(resource).error());
    auto attempt = client.GetAttempt(ToResource(*resource));
    if (!attempt) return Fail(std::move(attempt).error());
    found.push_back(*std::move(attempt));
  }
  return found;
}

template <typename Message, typename Find, typename MakeTable>
Result<int> Get(const Context& context, const Names& names, const char* what, Find find,
                MakeTable make_table) {
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  Result<std::vector<Message>> found = find(*client, names);
  if (!found) return Fail(std::move(found).error());
  ShowList(context, *found, what, make_table);
  return kExitOk;
}

void AddKind(Program& program, CLI::App& parent, const char* name, const char* summary, const char* examples,
             Result<int> (*get)(const Context&, const Names&)) {
  CLI::App& command = program.Command(parent, name, summary, examples);
  auto names = std::make_shared<Names>();
  command.add_option("NAME", *names, "Only these");
  program.Formats(command, {"table", "wide", "json", "name"});
  program.On(command, [names, get](Context& context) { return get(context, *names); });
}

}  // namespace

Result<std::vector<v1::Worker>> FindWorkers(Client& client, const std::vector<std::string>& names) {
  auto all = client.ListWorkers();
  if (!all || names.empty()) return all;
  std::vector<v1::Worker> found;
  for (const std::string& name : names) {
    auto resource = WorkerNamed(name);
    if (!resource) return Fail(std::move(resource).error());
    const size_t before = found.size();
    for (const v1::Worker& worker : *all) {
      if (worker.name() == *resource) found.push_back(worker);
    }
    if (found.size() == before)
      return Fail(Code::kNotFound, "there is no " + *resource + "; see `optctl worker list`");
  }
  return found;
}

void AddGet(Program& program) {
  CLI::App& get = program.Command("get", "List sweeps, jobs, attempts or workers",
                                  "  optctl get sweeps\n"
                                  "  optctl get jobs quickstart -o wide\n"
                                  "  optctl get attempts quickstart/17 -o json");
  get.require_subcommand(1);
  AddKind(program, get, "sweeps", "List sweeps, newest first", "  optctl get sweeps -o name",
          [](const Context& context, const Names& names) {
            return Get<v1::Sweep>(context, names, "sweeps", FindSweeps, SweepTable);
          });
  AddKind(program, get, "jobs", "List the jobs of sweeps, or jobs by name",
          "  optctl get jobs quickstart\n  optctl get jobs quickstart/1 quickstart/17 -o json",
          [](const Context& context, const Names& names) {
            return Get<v1::Job>(context, names, "jobs", FindJobs, JobTable);
          });
  AddKind(program, get, "attempts", "List the attempts of jobs, oldest first",
          "  optctl get attempts quickstart/17", [](const Context& context, const Names& names) {
            return Get<v1::Attempt>(context, names, "attempts", FindAttempts, AttemptTable);
          });
  AddKind(program, get, "workers", "List workers", "  optctl get workers -o wide",
          [](const Context& context, const Names& names) {
            return Get<v1::Worker>(context, names, "workers", FindWorkers, WorkerTable);
          });
}

void AddWorker(Program& program) {
  CLI::App& worker = program.Command("worker", "Look at the machines that train, drain them",
                                     "  optctl worker list\n  optctl worker drain gpu01");
  worker.require_subcommand(1);
  AddKind(program, worker, "list", "List workers", "  optctl worker list -o wide",
          [](const Context& context, const Names& names) {
            return Get<v1::Worker>(context, names, "workers", FindWorkers, WorkerTable);
          });
  AddDrain(program, worker);
}

}  // namespace optfleet::commands
