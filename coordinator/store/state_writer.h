// Rows of Changes into state.db, inside the caller's transaction. Statements are prepared once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "coordinator/engine/effects.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

class StateWriter {
 public:
  static Result<StateWriter> Prepare(Connection* connection);

  Status Write(const engine::Changes& changes);

 private:
  Status WriteNewSweep(const engine::NewSweep& sweep);
  Status WriteExtension(const engine::Extension& extension);
  Status WriteParameters(const JobName& job, const std::vector<domain::Parameter>& parameters);
  Status WriteSource(const std::string& sweep, int32_t revision, const domain::SweepSource& source);
  Status WriteNewJobs(const std::vector<domain::JobDefinition>& jobs);
  Status DropJobs(const engine::DroppedJobs& dropped);
  Status WriteSweep(const domain::Sweep& sweep);
  Status WriteJob(const JobName& name, const domain::JobStatus& status);
  Status WriteAttempt(const domain::Attempt& attempt);
  Status WriteWorker(const domain::Worker& worker);
  Status WriteWaiting(const std::vector<engine::ClassReason>& waiting);
  Status WriteRung(const engine::RungChange& change);
  Status WriteKept(const engine::KeptChange& change);
  Status WritePin(const engine::PinChange& change);
  Status WriteRest(const engine::Changes& changes);

  Statement& Get(const char* sql) { return statements_.at(sql); }

  std::map<const char*, Statement> statements_;  // by the address of their text, below in the source
};

}  // namespace optfleet::store
