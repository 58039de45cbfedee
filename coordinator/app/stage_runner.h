// Sees to it that the next stage of a sweep begins once all its jobs have ended. Told again and again which
// ones are due, it works at each once at a time; what fails is tried again when it is told the next time.
//
// Due may be called on one thread, the others on any.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "coordinator/rpc/backend.h"

namespace optfleet::app {

class StageRunner {
 public:
  // From now on it works, through a backend that outlives the last call of Due.
  void Start(rpc::Backend* backend);

  void Due(const std::set<std::string>& sweeps);

 private:
  struct Shared {
    std::mutex mutex;
    std::set<std::string> at_work;
  };

  std::mutex mutex_;  // guards the next
  rpc::Backend* backend_ = nullptr;
  // Also of answers that come after this object has gone.
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace optfleet::app
