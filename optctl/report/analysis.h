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

enum class Edge { kNone, kLow, kHigh };  // of the range that the line tried on the main axis

// One point of a line. Jobs that differ only in seeds stand at one point.
struct Point {
  double x = 0;              // value on the main axis
  std::string label;         // the same as written in the sweep
  std::vector<size_t> jobs;  // indexes into ReportData::jobs
  double objective = 0;      // mean over the jobs that count (Counts); NaN if none
};

struct Line {
  std::string label;          // "adamw batch 16": its values on the line axes, less what is usual there
  std::vector<Parameter> at;  // its values on all line axes, in axis order
  std::vector<Point> points;  // ascending in x; one point where there is no main axis
  size_t best_job = kNoJob;   // the job that counts with the best objective, at best_point
  size_t best_point = kNoJob;
  Edge edge = Edge::kNone;  // where best_point lies; kNone with fewer than 3 points
  double good_low = 0;      // on the main axis: the stretch of points around the best one that
  double good_high = 0;     // stay within kGoodMargin of it
};

inline constexpr double kGoodMargin = 0.05;  // of the objective, for val_loss in nats

struct Analysis {
  std::string main_axis;               // the numeric axis with the most values; empty if none is numeric
  bool main_axis_log = false;          // its values are positive and span a decade or more
  std::vector<std::string> line_axes;  // the others that vary, in axis order; none that follows from others
  std::vector<std::string> repeats;    // axes that are seeds: averaged, never a line
  std::vector<Parameter> usual;        // values that most lines share and labels leave out ("width 96")
  std::vector<Line> lines;             // in order of their first job
  std::vector<size_t> unplaced;        // jobs without a value on the main axis
  size_t best_job = kNoJob;            // of the line whose best point is the best
};

Analysis Analyze(const ReportData& data);

// Whether a job may be called the best: it succeeded or was stopped early by a rule. What diverged, failed or
// still runs may not.
bool Counts(const Job& job);

// What ranks values of the objective: less is better.
double CostOf(const ReportData& data, double objective);

// A figure of the result or, where that lacks it, of the newest record; nothing if neither has it.
std::optional<double> FigureOf(const Job& job, const std::string& key);

}  // namespace optfleet::report
