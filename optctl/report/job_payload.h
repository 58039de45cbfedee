// The part of the data block (payload.h) that speaks of one job, and the choice of the jobs whose curves the
// page carries.
#pragma once

#include <vector>

#include "common/json.h"
#include "optctl/report/analysis.h"
#include "optctl/report/values.h"

namespace optfleet::report {

// A page of a thousand jobs carries the curves of some of them; every job stays in its tables and in the
// first chart.
struct CurveChoice {
  std::vector<bool> carries;  // per job
  size_t points = 0;          // most points of one series
};

// The best job of each line first, then by objective, then what has none, in job order.
CurveChoice ChooseCurves(const ReportData& data, const Analysis& analysis);

// All of a job but its curves, its line and its label.
Json JobJson(const Job& job, const std::vector<std::optional<Value>>& values);

// Adds "columns", "series" and "clock".
void AddCurves(const Job& job, size_t points, Json& out);

// null where not finite; else rounded to what a chart can show, which keeps the page small.
Json SeriesNumber(double value);

}  // namespace optfleet::report
