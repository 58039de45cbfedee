#include "tests/bench/support/state_probe.h"

#include <utility>

#include "tests/bench/support/database.h"

namespace optfleet::bench {

StateProbe::StateProbe(std::string folder)
    : path_(std::move(folder) + "/state-probe.db"), thread_([this] { Run(); }) {}

StateProbe::~StateProbe() {
  if (thread_.joinable()) (void)Stop();
}

Spread StateProbe::Stop() {
  stopping_ = true;
  thread_.join();
  RemoveDatabase(path_);
  return SpreadOf(std::move(milliseconds_));
}

void StateProbe::Run() {
  Database database = Database::Create(path_, 2048, 1000);
  database.Execute("CREATE TABLE jobs(number INTEGER PRIMARY KEY, state TEXT, reason TEXT)");
  Query write = database.Prepare("INSERT OR REPLACE INTO jobs VALUES (?, 'running', 'given to a worker')");
  Query begin = database.Prepare("BEGIN IMMEDIATE");
  Query commit = database.Prepare("COMMIT");
  int64_t job = 0;
  while (!stopping_) {
    const auto start = std::chrono::steady_clock::now();
    begin.Run();
    for (int i = 0; i < 3; ++i) {
      sqlite3_bind_int64(write.get(), 1, ++job * 7919 % 100000);
      write.Run();
    }
    commit.Run();
    milliseconds_.push_back(MillisecondsSince(start));
    std::this_thread::sleep_until(start + std::chrono::milliseconds(5));
  }
}

}  // namespace optfleet::bench
