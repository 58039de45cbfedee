// The worker's event loop: turns timers, scans, answers and signals into inputs of the engine and carries its
// effects out. Everything here runs on the loop's thread; slow work is done by Hands, calls by AgentClient.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "worker/app/command_line.h"
#include "worker/app/hands.h"
#include "worker/app/metrics.h"
#include "worker/app/scrape_server.h"
#include "worker/engine/engine.h"
#include "worker/process/directory_reader.h"
#include "worker/process/record_source.h"
#include "worker/process/root.h"
#include "worker/rpc/agent_client.h"

namespace optfleet::worker {

class Daemon {
 public:
  Daemon(const CommandLine& line, Root root, std::vector<Slot> slots, Identity identity);

  // Opens --metrics; ALREADY_EXISTS if its port is taken.
  Status Listen();
  // Until a signal or a fatal error ends it; returns the exit code.
  int Run();

 private:
  void ScheduleScan(std::chrono::milliseconds delay);  // in the place of the one that waits
  void OnChildEnded();
  void Scan();
  void WaitForSignal();
  void OnSignal(int number);
  void CheckTrainer();
  void Handle(const Input& input);
  Time Now() const;  // wall-clock time at the start plus steady time since: never jumps

  void Do(const Synchronize& effect);
  void Do(const ReportRecords& effect);
  void Report(std::vector<AttemptBatch> batches);
  void Do(const SignalTrainer& effect);
  void Do(const Remove& effect);
  void Do(const Note& effect);
  void Do(const Leave& effect);
  template <typename Effect>
  void Do(const Effect& effect) {
    hands_.Do(effect);
  }
  void OnContact(const Status& status);

  const CommandLine line_;
  const Root root_;
  const Time started_at_;
  const std::chrono::steady_clock::time_point started_steady_;
  boost::asio::io_context loop_;
  boost::asio::steady_timer scan_timer_;
  bool scan_is_soon_ = false;
  boost::asio::signal_set signals_;
  Metrics metrics_;
  ScrapeServer scrape_;
  Engine engine_;
  DirectoryReader directories_;
  RecordSource records_;
  std::optional<bool> in_contact_;  // for the log: nullopt before the first call
  std::optional<std::chrono::steady_clock::time_point> asked_to_end_;  // by the first signal
  bool leaving_ = false;
  int exit_code_ = 0;
  // Last: their threads post to all of the above.
  Hands hands_;
  AgentClient client_;
};

}  // namespace optfleet::worker
