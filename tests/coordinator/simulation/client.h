// Somebody who submits and cancels, repeats what was not answered, and believes what it is told.
#pragma once

#include <map>
#include <string>

#include "common/names.h"
#include "tests/coordinator/simulation/checker.h"
#include "tests/coordinator/simulation/coordinator_process.h"
#include "tests/coordinator/simulation/network.h"

namespace optfleet::simulation {

class Client {
 public:
  Client(Context* context, Network* network, CoordinatorProcess* coordinator, Checker* checker);

  // `start` names a checkpoint in kept/ that its jobs start from; may be empty.
  void CreateSweep(const std::string& id, int jobs, const domain::KeepPolicy& keep, const std::string& start);
  void Pin(const CheckpointName& name);
  void CancelJob(const JobName& name);
  void CancelSweep(const std::string& id);
  // The answer to this request has left the coordinator: from now on it holds, whoever hears of it.
  void NoteAnswered(const std::string& request);
  // Nothing waits for an answer.
  bool idle() const { return open_ == 0; }

  // The server's end of CreateSweep: from the points on, since expanding a file is not what is tried here.
  static constexpr const char* kCreate = "create";
  static void ServeCreate(CoordinatorProcess* coordinator, const std::string& request,
                          const Network::Reply& reply);

 private:
  void Begin(const std::string& path, const std::string& request, const Promise& promise);
  void Send(const std::string& path, const std::string& request);
  std::string NewRequestId() { return "request-" + std::to_string(++requests_); }

  Context* context_;
  Network* network_;
  CoordinatorProcess* coordinator_;
  Checker* checker_;
  std::map<std::string, Promise> promises_;  // by request, until it was answered
  int open_ = 0;
  int requests_ = 0;
};

}  // namespace optfleet::simulation
