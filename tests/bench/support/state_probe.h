// Commits to another database of the same folder while something else runs, as state.db's writer does.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/support/figures.h"

namespace optfleet::bench {

// One commit (WAL, FULL, three rows changed) every 5 ms on a thread of its own.
class StateProbe {
 public:
  explicit StateProbe(std::string folder);
  ~StateProbe();
  // Ends the thread; milliseconds from BEGIN to the end of COMMIT.
  Spread Stop();

 private:
  void Run();
  const std::string path_;
  std::atomic<bool> stopping_ = false;
  std::vector<double> milliseconds_;
  std::thread thread_;
};

}  // namespace optfleet::bench
