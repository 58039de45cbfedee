// Somebody who submits, cancels and steers, repeats what was not answered, and believes what it is told.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/names.h"
#include "tests/coordinator/simulation/checker.h"
#include "tests/coordinator/simulation/coordinator_process.h"
#include "tests/coordinator/simulation/network.h"

namespace optfleet::simulation {

class Client {
 public:
  Client(Context* context, Network* network, CoordinatorProcess* coordinator, Checker* checker);

  // `start` names a checkpoint in kept/ that its jobs start from; may be empty. In parts of so many, 0: at
  // once.
  struct Search {
    int64_t first_rung = 0;  // 0: no halving
    int stages = 0;          // 0: none
    int rounds = 0;          // of each second stage, from the first on; 0: none
    int rule = 0;            // that stops jobs early: 1 median, 2 plateau, 3 divergence; 0: none
    int guard = 0;           // 1 a failed job, 2 half of the jobs failed, 3 half a minute; 0: none
    bool maximize = false;
  };
  void CreateSweep(const std::string& id, int jobs, int part, bool reuse, const domain::KeepPolicy& keep,
                   const Search& search, const std::string& start);
  void Pin(const CheckpointName& name);
  void CancelJob(const JobName& name);
  void CancelSweep(const std::string& id);
  // One order about a sweep or a worker at a time; nothing happens while an earlier one is not answered.
  void Pause(const std::string& sweep, domain::Pause pause);
  void TakeGuardOff(const std::string& sweep);
  void Limit(const std::string& sweep, int32_t priority, int32_t max_running);
  void Drain(const std::string& worker, domain::Pause drain);
  // Those of `jobs`; if there are none, those with one of the outcomes.
  void Retry(const std::string& sweep, const std::vector<int32_t>& jobs,
             const std::vector<Outcome>& outcomes);
  // By the points first to last, of which the sweep may have some; in parts of so many, 0: at once.
  void Extend(const std::string& sweep, int first, int last, int part, bool reuse);
  // By a stage behind those that it has.
  void ExtendByStage(const std::string& sweep);
  // By many, and there is a mistake in the file.
  void ExtendMistaken(const std::string& sweep, int part);
  // The answer to this request has left the coordinator: from now on it holds, whoever hears of it.
  void NoteAnswered(const std::string& path, const std::string& request, const std::string& answer);
  // Requests may have been forgotten.
  void NoteRestored() { answers_.clear(); }
  // Nothing waits for an answer.
  bool idle() const { return open_ == 0; }

 private:
  template <typename Request>
  void BeginOrder(const std::string& path, Request request, const Order& order);
  void Begin(const std::string& path, const std::string& request, const Promise& promise);
  void Send(const std::string& path, const std::string& request);
  void OnReply(const std::string& path, const std::string& request, const Result<std::string>& reply);
  void NoteRetried(const std::string& request, const std::string& answer);
  std::string NewRequestId() { return "request-" + std::to_string(++requests_); }

  Context* context_;
  Network* network_;
  CoordinatorProcess* coordinator_;
  Checker* checker_;
  std::map<std::string, Promise> promises_;     // by request, until it was answered
  std::map<std::string, std::string> answers_;  // by request: the first of those that must not change
  std::map<std::string, std::string> retries_;  // ids of those requests
  std::set<std::pair<Order::Kind, std::string>> ordered_;  // and not answered yet
  int open_ = 0;
  int requests_ = 0;
};

}  // namespace optfleet::simulation
