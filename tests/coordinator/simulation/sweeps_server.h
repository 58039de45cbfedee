// The coordinator's end of CreateSweep and ExtendSweep: from the points on, since expanding a file is not
// what is tried here. At once or in parts, as rpc/create_sweep.cc and rpc/extend_sweep.cc do it. A request is
// a line of words.
#pragma once

#include <deque>
#include <set>
#include <string>

#include "tests/coordinator/simulation/coordinator_process.h"
#include "tests/coordinator/simulation/network.h"

namespace optfleet::simulation {

// Spec hashes of the points first to last.
std::set<std::string> PointsBetween(int first, int last);

class SweepsServer {
 public:
  // Request id, sweep, jobs, so many in a part (0: at once), whether to take outcomes over, three limits of
  // what it keeps, step of the first rung (0: no halving), number of stages (0: none), rounds of each second
  // one (0: none), rule that stops jobs and guard (0: none), whether more of the objective is better, start.
  static constexpr const char* kCreate = "create";
  // Request id, sweep, first point, last point, so many in a part, whether to take outcomes over.
  static constexpr const char* kExtend = "extend";
  // Request id, by which the stage is called, and sweep.
  static constexpr const char* kExtendByStage = "extend by a stage";
  // As kExtend of a file in which a mistake is found after all jobs were written.
  static constexpr const char* kExtendMistaken = "extend, mistaken";

  SweepsServer(CoordinatorProcess* coordinator, Checker* checker)
      : coordinator_(coordinator), checker_(checker) {}

  // False if it is another method.
  bool Serve(const std::string& path, const std::string& request, const Network::Reply& reply);

  // As StageRunner in coordinator/app and BeginNextStage in coordinator/rpc: begins the next stage, or round
  // of one, of each of the sweeps with some points, or refuses a stage if no job has a value.
  void Due(const std::set<std::string>& sweeps);

 private:
  void BeginStage(const store::StagedSweep& staged);
  void Create(const std::string& request, const Network::Reply& reply);
  void CreateWith(engine::CreateSweep sweep, std::vector<engine::Point> points, size_t part,
                  const Network::Reply& reply);
  void Extend(const std::string& request, bool mistaken, const Network::Reply& reply);
  void ExtendByStage(const std::string& request, const Network::Reply& reply);
  void AtOnce(engine::Input input, const Network::Reply& reply);
  // Gives `begin`, the points in parts, and then what ends it; of a mistaken one nothing stays.
  void InParts(engine::Input begin, std::vector<engine::Point> points, size_t part, bool mistaken,
               const Network::Reply& reply);
  void GiveNext(const std::string& sweep, std::deque<engine::Input> rest, const Network::Reply& reply);
  void Abandon(const std::string& sweep, const Error& error, const Network::Reply& reply);

  CoordinatorProcess* coordinator_;
  Checker* checker_;
  std::set<std::string> at_work_;  // stages that begin
  int64_t life_ = 0;               // of the coordinator, in which they do
};

}  // namespace optfleet::simulation
