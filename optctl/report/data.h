// What a report is made of: plain values, filled by whoever asked the coordinator. Owner: optctl/report.
//
// Strings are UTF-8 and never trusted: names, reasons and files may hold anything, HTML included. Numbers may
// be NaN or infinite. Times are microseconds since 1970; 0 means not known or not yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/outcome.h"

namespace optfleet::report {

struct Parameter {
  std::string key;    // dotted, "optimizer.learning_rate"
  std::string value;  // as YAML would write it
};

struct Figure {
  std::string key;  // "val_loss"
  double value = 0;
};

// One key of one job as columns of equal length. min and max are empty where every point is its own bucket.
// The caller thins long series: some 400 buckets per key are plenty for a chart.
struct Series {
  std::string key;
  std::vector<int64_t> steps{};    // last step of each bucket, ascending
  std::vector<double> last{};      // last value
  std::vector<double> min{};       // least finite value
  std::vector<double> max{};       // largest finite value
  std::vector<int64_t> time_us{};  // of the last value
};

struct Job {
  std::string name;                    // "sweeps/lr/jobs/17"
  std::string state;                   // "queued", "assigned", "running", "ended"
  std::optional<Outcome> outcome;      // set once ended
  std::string reason;                  // one sentence, may be empty
  std::string reused_from{};           // job of another sweep whose outcome this is; empty: it ran itself
  std::vector<Parameter> parameters;   // one per axis, in the order of ReportData::axes
  std::vector<Figure> final_figures;   // of its result, empty before
  std::vector<Figure> latest_figures;  // newest value of each recorded key
  int64_t step = 0;                    // newest step recorded
  int64_t total_steps = 0;             // of the budget
  int64_t start_us = 0;
  int64_t end_us = 0;
  int32_t attempts = 0;
  std::string spec_json;  // canonical spec; model size and units of axes are read from it
  std::string spec_hash;
  std::vector<Series> series;
};

struct SourceFile {
  std::string path;
  std::string text;
};

struct ReportData {
  std::string sweep;        // "sweeps/lr"
  std::string title;        // as its author wrote it; empty: the id is shown
  std::string description;  // may be empty
  std::string state;        // "active", "ended", "cancelled"
  std::string version;      // of the program that makes the report
  std::vector<SourceFile> files;
  std::vector<std::string> overrides;  // key=value
  std::vector<std::string> axes;       // dotted keys, in expansion order
  std::string objective = "val_loss";
  bool maximize = false;      // more of the objective is better
  std::string guard_verdict;  // why its guard keeps it paused; empty if it does not
  int64_t create_us = 0;
  int64_t end_us = 0;
  int64_t made_us = 0;  // when the data was read; shown in the footer
  std::vector<Job> jobs;
};

}  // namespace optfleet::report
