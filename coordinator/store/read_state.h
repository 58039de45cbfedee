// Reads of state.db (with the newest steps from the attached metrics.db). Each function is one read; the
// caller holds the transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/store/read_store.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// NOT_FOUND names the resource.
Error NoSuch(const std::string& resource);

Result<SweepView> ReadOneSweep(Connection* connection, const std::string& id);
Result<std::vector<SweepView>> ReadSweeps(Connection* connection, const std::optional<SweepKey>& after,
                                          int32_t limit);
Result<JobView> ReadOneJob(Connection* connection, const JobName& name);
Result<std::vector<JobView>> ReadJobs(Connection* connection, const std::optional<std::string>& sweep,
                                      const std::optional<JobName>& after, int32_t limit);
Result<AttemptView> ReadOneAttempt(Connection* connection, const AttemptName& name);
Result<std::vector<AttemptView>> ReadAttempts(Connection* connection, const JobName& job, int32_t after,
                                              int32_t limit);
Result<domain::AttemptLog> ReadLog(Connection* connection, const AttemptName& name);
Result<std::vector<WorkerView>> ReadWorkers(Connection* connection, const std::string& after, int32_t limit);
Result<WorkerView> ReadOneWorker(Connection* connection, const std::string& id);
Result<std::vector<domain::Event>> ReadNewestEvents(Connection* connection, const std::string& subject,
                                                    int32_t limit);
Result<std::vector<domain::Event>> ReadEvents(Connection* connection, const std::string& subject,
                                              int64_t skip, int32_t limit);

// By job, attempt and step, behind `after`; of one job or of the whole sweep.
Result<std::vector<CheckpointView>> ReadCheckpoints(Connection* connection, const std::string& sweep,
                                                    std::optional<int32_t> job,
                                                    const std::optional<domain::KeptId>& after,
                                                    int32_t limit);
Result<CheckpointView> ReadOneCheckpoint(Connection* connection, const CheckpointName& name);

Result<EndedJobs> ReadEndedJobs(Connection* connection, const std::string& sweep,
                                const EndedSelection& selection);
Result<StagedSweep> ReadStagedSweep(Connection* connection, const std::string& sweep);
Result<SweepPoints> ReadSweepPoints(Connection* connection, const std::string& sweep);

Result<std::vector<HashedJob>> ReadSucceededJobs(Connection* connection);
Result<std::vector<SucceededJob>> ReadSucceededJobs(Connection* connection,
                                                    const std::vector<JobName>& names);
Result<std::vector<MeasuredJob>> ReadMeasuredJobs(Connection* connection, const MeasuredLimits& limits);

}  // namespace optfleet::store
