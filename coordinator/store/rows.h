// Rows of state.db as values: the columns to select, and how to read them. Writers and readers share them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coordinator/domain/attempt.h"
#include "coordinator/domain/checkpoint.h"
#include "coordinator/domain/event.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/sweep.h"
#include "coordinator/domain/worker.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// Column lists. Each ...ColumnCount many columns; a query may select more behind them.
extern const char* const kSweepColumns;
extern const char* const kJobColumns;
extern const char* const kJobColumnsWithoutTexts;  // the same with nothing for parameters, spec and hash
extern const char* const kAttemptColumns;
extern const char* const kWorkerColumns;
extern const char* const kCheckpointColumns;
inline constexpr int kSweepColumnCount = 21;
inline constexpr int kJobColumnCount = 27;
inline constexpr int kAttemptColumnCount = 24;
inline constexpr int kWorkerColumnCount = 13;
inline constexpr int kCheckpointColumnCount = 10;

// The current row of a statement that selects the columns first. DATA_LOSS for a name of a state that this
// program does not know.
Result<domain::Sweep> ReadSweep(const Statement& row);
Result<domain::Job> ReadJob(const Statement& row);
// The whole text of a spec: column `spec`, completed by the text of column `base` unless that is NULL.
Result<std::string> ReadSpec(const Statement& row, const JobName& job, int spec, int base);
Result<domain::Attempt> ReadAttempt(const Statement& row);
Result<domain::Worker> ReadWorker(const Statement& row);
Result<domain::KeptCheckpoint> ReadCheckpoint(const Statement& row);

std::optional<Time> TimeAt(const Statement& row, int column);
std::optional<int64_t> Micros(const std::optional<Time>& time);
std::string_view NameOf(domain::Pause pause);        // "no", "stop_running", "keep_running"
domain::Pause PauseFromName(std::string_view name);  // kNo for any other name
std::optional<std::string> NameOf(const std::optional<Outcome>& outcome);

}  // namespace optfleet::store
