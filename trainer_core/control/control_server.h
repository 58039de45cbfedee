// Listens on control.sock of a run directory and for SIGTERM and SIGINT, and passes both to a Control. A
// thread of its own.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/result.h"
#include "trainer_core/control/control.h"

namespace optfleet::trainer {

class ControlServer {
 public:
  // Call before any other thread is started: SIGTERM and SIGINT are blocked in the calling thread and in
  // those it starts, and read here. SIGINT is a stop with outcome cancelled, SIGTERM one with preempted, both
  // with a checkpoint. `control` must outlive the server.
  static Result<std::unique_ptr<ControlServer>> Start(const std::string& run_folder, Control* control);
  ~ControlServer();  // closes all connections and removes the socket
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  struct Client {
    int descriptor;
    std::string pending;  // an unfinished line
  };

  ControlServer(std::string run_folder, Control* control)
      : run_folder_(std::move(run_folder)), control_(control) {}
  Status Open();
  void Run();
  void ReadSignal();
  void Accept();
  bool Serve(Client* client);  // false: the client is gone or misbehaves

  const std::string run_folder_;
  Control* const control_;
  int folder_ = -1, listener_ = -1, signals_ = -1, wake_ = -1;
  std::vector<Client> clients_;
  std::thread thread_;
};

}  // namespace optfleet::trainer
