// Finds the answer in a sweep's jobs: which axis is the question, which other axes make its lines, the best
// point of each line and whether it lies at the edge of what was tried. `optctl results` and the report share
// it. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "optctl/report/data.h"

namespace optfleet::report {

inline constexpr size_t kNoJob = static_cast<size_t>(-1);

enum class Edge { kNone, kLow, kHigh };  // of the range tried on the main axis

// One point of a line: jobs that differ only in the axes of `Analysis::repeats` (seeds) stand at one point.
struct Point {
  double x = 0;              // value on the main axis
  std::string label;         // the same as written in the sweep
  std::vector<size_t> jobs;  // indexes into ReportData::jobs
  double objective = 0;      // mean over the jobs that have a finite figure; NaN if none
};

struct Line {
  std::vector<Parameter> at;  // its values on the line axes, in axis order
  std::vector<Point> points;  // ascending in x
  size_t best_job =
      kNoJob;  // the job with the least finite objective among those that succeeded or stopped early
  size_t best_point = kNoJob;  // its index in points
  Edge edge = Edge::kNone;     // where best_point lies; kNone with fewer than 3 points
};

struct Analysis {
  std::string main_axis;               // the numeric axis with the most values; empty if no axis is numeric
  bool main_axis_log = false;          // its values are positive and span a decade or more
  std::vector<std::string> line_axes;  // the other axes that vary, in axis order
  std::vector<std::string> repeats;    // axes that are seeds: averaged, never a line
  std::vector<Line> lines;             // in order of their first job; one per job where there is no main axis
  std::vector<size_t> unplaced;        // jobs without a value on the main axis
  size_t best_job = kNoJob;            // of the whole sweep
};

Analysis Analyze(const ReportData& data);

// The figure by which jobs are compared: of the result, or of the newest record while the job runs; nothing
// if neither has it.
std::optional<double> FigureOf(const Job& job, const std::string& key);

// "best: adamw lr=3e-3 batch 16: val loss 1.874, 2.70 bits/byte; sgd's best lr (1.0) is at the edge of its
// range", or what there is to say before any job has ended or when none succeeded. Plain text.
std::string AnswerSentence(const ReportData& data, const Analysis& analysis);

// "lr" for "optimizer.learning_rate" and so on; the last part of the key where no shorter word is usual.
std::string ShortName(const std::string& key);

}  // namespace optfleet::report
