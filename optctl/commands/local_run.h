// `optctl run` between starting the daemons and watching the sweep: waits for them, submits so that a repeat
// continues, says what is there.
#pragma once

#include <memory>
#include <string>

#include "optctl/commands/context.h"
#include "optctl/commands/local_cluster.h"
#include "optctl/commands/sweep_source.h"

namespace optfleet::commands {

class LocalRun {
 public:
  // Starts the cluster and waits until its coordinator answers. CANCELLED if a signal came first (nothing is
  // left behind), the supervisor's error if a daemon cannot live. `console` must outlive the object.
  static Result<std::unique_ptr<LocalRun>> Start(const Console& console, const LocalClusterOptions& options,
                                                 Interrupts& interrupts);

  LocalCluster& cluster() { return *cluster_; }
  const std::string& state() const { return state_; }
  Result<Client> Open() const;

  struct SubmitOptions {
    bool again = false;
    bool replace = false;
    bool reuse = false;  // outcomes of equal jobs of other sweeps here are taken over
  };
  // The sweep's resource name. The request id is made from the content: the same files and overrides are the
  // same sweep, in every run. Other content under the name of a sweep that has not ended is
  // FAILED_PRECONDITION unless `replace`, which cancels the old one. With `again` it is a new sweep in any
  // case. A coordinator that dies meanwhile is started again and asked again: the request is the same.
  Result<std::string> Submit(const SweepSource& source, const SubmitOptions& options, Interrupts& interrupts);

  // One line per worker, as soon as it is known to the coordinator; gives up waiting after some seconds,
  // silently. False if a signal came.
  Result<bool> ShowWorkers(Interrupts& interrupts);

 private:
  LocalRun(const Console& console, std::string state, std::unique_ptr<LocalCluster> cluster, int workers)
      : console_(console), state_(std::move(state)), cluster_(std::move(cluster)), workers_(workers) {}
  Status WaitForCoordinator(Interrupts& interrupts);
  // UNAVAILABLE if no coordinator answers.
  Result<v1::Sweep> Ask(const v1::CreateSweepRequest& request, bool replace);
  Status MakeRoom(Client& client, const v1::CreateSweepRequest& request, bool replace);
  // What to do where `error` means that another version submitted this file here; else `error`.
  static Error OrOlderVersion(Client& client, const v1::CreateSweepRequest& request, Error error);

  const Console& console_;
  const std::string state_;
  std::unique_ptr<LocalCluster> cluster_;
  const int workers_;
};

// "~/.local/state/x" for a folder below the home folder.
std::string ShortPath(const std::string& path);

}  // namespace optfleet::commands
