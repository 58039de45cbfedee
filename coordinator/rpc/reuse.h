// Outcomes of jobs that succeeded, for jobs with equal specs that are about to be created.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/result.h"
#include "coordinator/domain/reuse.h"
#include "coordinator/rpc/backend.h"
#include "coordinator/rpc/rpc_error.h"
#include "optfleet/v1/operator.pb.h"
#include "sweeps/expand.h"

namespace optfleet::rpc {

// By key and path: what whoever submits found in the file.
using FileStamps = std::map<std::pair<std::string, std::string>, std::string>;

using WireStamps = google::protobuf::RepeatedPtrField<v1::FileStamp>;
RpcResult<FileStamps> FromWire(const WireStamps& wire);

// One look at all jobs that succeeded before it was made. Each call may wait for a reading thread; for a
// working thread, one at a time.
class FinishedJobs {
 public:
  // RESOURCE_EXHAUSTED if reads are not taken.
  static Result<FinishedJobs> Read(Backend* backend, FileStamps stamps);

  // What is said of a job that has an equal one.
  struct Equal {
    engine::TakenOver outcome;
    std::string obstacle;  // why it may not be taken over; empty if it may
  };
  // One entry for each job, in order; nothing for those without an equal.
  Result<std::vector<std::optional<Equal>>> EqualsOf(const std::vector<sweeps::Job>& jobs);

  // As they were at that look.
  const std::vector<store::WorkerView>& workers() const { return workers_; }

  // Notes in each point of these jobs, in the same order, the outcome that it may take over.
  Status TakeOver(const std::vector<sweeps::Job>& jobs, std::vector<engine::Point>* points);

 private:
  FinishedJobs(Backend* backend, FileStamps stamps) : backend_(backend), stamps_(std::move(stamps)) {}
  domain::WantedGround GroundOf(const spec::TrainingSpec& spec) const;

  Backend* backend_;
  FileStamps stamps_;
  std::unordered_map<std::string, std::vector<JobName>> by_hash_;
  std::vector<store::WorkerView> workers_;
  std::set<std::string> devices_;  // that jobs may run on, by model
};

}  // namespace optfleet::rpc
