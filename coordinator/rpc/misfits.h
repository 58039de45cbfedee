// Jobs of a sweep that is not submitted yet which no worker can hold.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/rpc/backend.h"
#include "coordinator/scheduler/reasons.h"
#include "optfleet/v1/operator.pb.h"
#include "sweeps/expand.h"
#include "sweeps/planned_memory.h"

namespace optfleet::rpc {

// For one thread.
class MisfitFinder {
 public:
  // What workers that have not left offer were everything free; only slots of `model` unless that is empty.
  MisfitFinder(const std::vector<store::WorkerView>& workers, const std::string& model);

  void Begin(const sweeps::Resources& resources);
  void Look(const std::vector<sweeps::Job>& jobs);
  void AddTo(v1::PlanSweepResponse* response) const;

 private:
  using Misfit = std::optional<scheduler::Misfit>;
  struct Class {
    std::string reason;  // of its first job
    std::vector<int32_t> jobs;
  };

  std::vector<scheduler::WorkerOffer> offers_;
  std::vector<const scheduler::WorkerOffer*> workers_;
  sweeps::Resources asked_;
  std::optional<sweeps::MemoryPredictor> memory_;
  std::map<std::pair<domain::Resources, int64_t>, Misfit> known_;  // by request and predicted bytes
  std::map<std::pair<std::string, bool>, Class> classes_;          // by reason without figures, and is_tried
};

}  // namespace optfleet::rpc
