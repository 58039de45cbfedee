// The data block of the page: everything that its script shows, as one JSON value. docs in this header are
// the contract between the C++ and the script (web/*.js).
//
//   {"title", "description", "sweep", "state", "version", "answer", "objective", "direction",
//    "created_us", "ended_us", "made_us",
//    "axes": [{"key", "name"}],
//    "main": index into axes or -1, "main_log", "line_axes": [index], "repeats": [index],
//    "lines": [{"label", "values": [text per line axis], "points": [{"x", "label", "jobs": [index], "y"}],
//               "best_job", "best_point", "edge": "low" | "high" | "", "good": [low, high]}],
//    "best_job": index or -1,
//    "jobs": [{"id", "name", "state", "counts", "reason", "label", "values": [text per axis], "own": [bool
//    per axis], "line",
//              "figures": {key: number}, "step", "total_steps", "seconds", "attempts", "hash", "spec",
//              "model": {...} or null, "columns": [[step]], "series": {key: {"at": index into columns,
//              "last", "min", "max"}}, "clock": {"steps", "tokens", "seconds"}}],
//    "curves": {"jobs": how many jobs carry series, "points": most points of one series},
//    "files": [{"path", "text"}], "overrides": [text]}
//
// Numbers that are not finite are null in series and in "y", and the words "NaN", "Infinity", "-Infinity" in
// figures. "state" of a job is its outcome once it has one.
#pragma once

#include <string>

#include "common/json.h"
#include "optctl/report/analysis.h"

namespace optfleet::report {

Json MakePayload(const ReportData& data, const Analysis& analysis);

// JSON text that cannot end or change the element it stands in: every < > & is a \u escape, bytes that are
// not UTF-8 are replaced.
std::string EmbeddableText(const Json& json);

}  // namespace optfleet::report
