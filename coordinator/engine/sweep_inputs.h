// What gives a sweep its jobs, as plain values: at once or in parts, when it is created, extended or comes to
// its next stage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/names.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/sweep.h"

namespace optfleet::engine {

// The outcome of an equal job that succeeded, to be taken over instead of training again.
struct TakenOver {
  JobName from;  // that ran
  int64_t step = 0;
  domain::Figures final;  // of them, those that count here
};

// One distinct point of an expanded sweep; its job gets the number of its place, from 1.
struct Point {
  std::string spec_json;  // canonical
  std::string spec_hash;
  std::vector<domain::Parameter> parameters;
  int64_t total_steps = 0;
  domain::Resources resources = {};
  std::optional<TakenOver> taken_over = {};
};

// Answered with SweepAnswer. ALREADY_EXISTS if the id is taken (and the request id is new), INVALID_ARGUMENT
// for a bad id, no points, two points with one hash, or a request id that was used with other content.
struct CreateSweep {
  std::string request_id;  // empty: not idempotent
  std::string sweep_id;    // empty: made from the display name, with -2, -3 behind it if taken
  std::string display_name;
  domain::SweepSource source;
  std::vector<std::string> axes;
  sweeps::Objective objective = {};
  int32_t merged_points = 0;
  int32_t priority = 0;
  int32_t max_running = 0;
  domain::KeepPolicy keep = {};
  std::vector<domain::Stage> stages = {};  // all; its points are of the first
  domain::SearchPolicy search = {};
  std::vector<Point> points;
  bool validate_only = false;  // answer as the real call would, change nothing
};

// A sweep that is too large for one input comes in parts, so that nobody waits for it: BeginSweep, AddPoints
// as often as needed, FinishSweep. Until it is finished it is in no list and nothing of it starts; a process
// that ends before has never had it. What extends a sweep comes the same way behind BeginExtension, while the
// sweep goes on as it was. All are answered with SweepAnswer; NOT_FOUND for an id that is not being expanded
// or extended, UNAVAILABLE for a request that is being carried out.
struct BeginSweep {
  CreateSweep sweep;  // without points. Errors as CreateSweep; the answer has the id to go on with
};
struct AddPoints {
  std::string sweep_id;
  std::vector<Point> points;  // INVALID_ARGUMENT for a hash that came before in a part
  // Of an extension, as of ExtendSweep: written at once, seen once its axes are those of the sweep.
  std::vector<std::pair<int32_t, std::vector<domain::Parameter>>> parameters = {};
};
// FAILED_PRECONDITION if the sweep was cancelled while it was extended.
struct FinishSweep {
  std::string sweep_id;
  int32_t merged_points = 0;
};
// Drops some of its jobs at a time: to be repeated until it is NOT_FOUND.
struct AbandonSweep {
  std::string sweep_id;
};

struct NextStage {
  int32_t number = 0;                                         // from 1
  std::vector<int32_t> from;                                  // jobs that it starts from
  std::vector<std::vector<std::vector<double>>> points = {};  // as domain::Stage
};

// Adds the points that the sweep has not had, as jobs numbered behind the last; to a sweep with stages, other
// ones behind those that have begun. Answered with SweepAnswer, whose jobs are the new ones; NOT_FOUND,
// ABORTED as RetryJobs or while it is being extended, INVALID_ARGUMENT for an objective other than the
// sweep's.
struct ExtendSweep {
  std::string request_id;
  std::string content_hash;  // of the files, since the points depend on what the sweep has already
  std::string sweep_id;
  int32_t revision = 0;
  domain::SweepSource source;  // in the place of the earlier one
  std::vector<std::string> axes;
  sweeps::Objective objective = {};
  int32_t merged_points = 0;
  std::vector<Point> points;  // only new ones
  // Jobs that it had and that lack a value on one of the axes: all their values.
  std::vector<std::pair<int32_t, std::vector<domain::Parameter>>> parameters;
  // Exactly for a sweep with stages one of the next two, else FAILED_PRECONDITION.
  // The stage that begins with the points, behind those that have begun. There may be no points then: the
  // sweep may have had them all.
  std::optional<NextStage> stage = {};
  // All stages of the source, without points: they stand in the place of those that have not begun. Those
  // that have must be the same, FAILED_PRECONDITION.
  std::optional<std::vector<domain::Stage>> stages = {};
};

// No further stage of a sweep can begin; it ends with those that it had. Answered with SweepAnswer;
// NOT_FOUND, ABORTED as RetryJobs.
struct RefuseStage {
  std::string sweep_id;
  int32_t revision = 0;
  std::string reason;
};

struct BeginExtension {
  ExtendSweep extension;  // without points and parameters. Errors as ExtendSweep
};

}  // namespace optfleet::engine
