// A whole cluster in one process and one thread, from one seed: the shipping coordinator on a disk that
// forgets what was not synced, shipping workers on simulated machines, and a network between them. First a
// time of faults, then quiet, in which everything must end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tests/coordinator/simulation/checker.h"
#include "tests/coordinator/simulation/client.h"
#include "tests/coordinator/simulation/context.h"
#include "tests/coordinator/simulation/coordinator_process.h"
#include "tests/coordinator/simulation/machine.h"
#include "tests/coordinator/simulation/network.h"
#include "tests/coordinator/simulation/sweeps_server.h"
#include "tests/coordinator/simulation/worker_process.h"

namespace optfleet::simulation {

struct WorldOptions {
  uint64_t seed = 1;
  bool faults = true;
  Duration chaos = std::chrono::seconds(60);
  Duration patience = std::chrono::seconds(150);  // of quiet, until everything has ended
};

class World {
 public:
  World(const WorldOptions& options, Coverage* coverage);

  // The first violation, if there is one.
  std::optional<Violation> Run();
  const Checker& checker() const { return checker_; }
  const std::set<std::string>& held() const { return held_; }

 private:
  struct Node {
    std::unique_ptr<Machine> machine;
    std::unique_ptr<WorkerProcess> worker;
  };
  NetworkOptions StormOf(const WorldOptions& options);
  void Begin();
  void PlanFaults();
  void Disturb(Fault fault);
  void DisturbCoordinator(Fault fault);
  void DisturbNode(Fault fault, Node* node);
  void Met(Fault fault, const std::string& subject);
  void StartWorkerLater(Node* node, Duration delay);
  void Cancel();
  void Submit();
  void PlanOperations();
  void Operate();  // by chance, on something that is there
  void Extend(const domain::Sweep& row);
  void SteerSweep(const domain::Sweep& sweep);
  void Retry(const domain::Sweep& sweep);
  void DrainOrUndrain();
  // In the quiet, once what was to stop has stopped: everything may go on.
  void LetGoOn();
  void Pin();
  std::optional<worker::KeptName> PickKept();
  void Watch();
  void LookInside();
  void CalmDown();
  bool IsOver();
  void CheckIdle();
  static bool CouldStart(const engine::State& state, const domain::Job& job);
  void CountOutcomes();

  WorldOptions options_;
  Context context_;
  Checker checker_;
  Network network_;
  CoordinatorProcess coordinator_;
  SweepsServer sweeps_server_;
  Client client_;
  std::vector<Node> nodes_;
  int submitted_ = 0;
  std::optional<Time> idle_since_;
  bool let_go_on_ = false;
  std::set<std::string> held_;  // sweeps whose guard was taken off to let them go on
};

}  // namespace optfleet::simulation
