#include "coordinator/app/stage_runner.h"

#include <utility>

#include "common/log.h"
#include "common/names.h"
#include "coordinator/rpc/next_stage.h"

namespace optfleet::app {

void StageRunner::Start(rpc::Backend* backend) {
  const std::lock_guard lock(mutex_);
  backend_ = backend;
}

void StageRunner::Due(const std::set<std::string>& sweeps) {
  if (sweeps.empty()) return;
  const std::lock_guard lock(mutex_);
  if (backend_ == nullptr) return;
  for (const std::string& sweep : sweeps) {
    {
      const std::lock_guard work(shared_->mutex);
      if (!shared_->at_work.insert(sweep).second) continue;
    }
    const auto done = [shared = shared_, sweep](const Status& status) {
      if (!status)
        Log(Level::kWarn, "stage.not_begun",
            {{"sweep", SweepResource(sweep)}, {"error", status.error().message()}});
      const std::lock_guard work(shared->mutex);
      shared->at_work.erase(sweep);
    };
    if (!rpc::BeginNextStage(backend_, sweep, done))
      done(Fail(Code::kResourceExhausted, "too many reads wait"));
  }
}

}  // namespace optfleet::app
