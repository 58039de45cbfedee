// The answer of a sweep as tables, JSON and CSV, over the same analysis as the report. Pure.
#pragma once

#include <string>

#include "common/json.h"
#include "optctl/output/table.h"
#include "optctl/report/analysis.h"

namespace optfleet::commands {

// One row per line of the analysis: its values, its best point and that job's figures. "edge" beside a best
// that lies at the end of what was tried.
output::Table BestTable(const report::ReportData& data, const report::Analysis& analysis);

// One row per job, in their order; perplexity and bits per byte, which follow from the loss, are left to JSON
// and CSV.
output::Table JobResultTable(const report::ReportData& data);

// Jobs that ended without being trained to their end (diverged, out of memory, failed, cancelled): how and
// where; empty text if there are none.
std::string NotFinishedText(const report::ReportData& data, int width, bool unicode);

// One sentence per line of the analysis whose best lies at an edge, with what to try next.
std::string EdgeText(const report::Analysis& analysis);

Json ResultsJson(const report::ReportData& data, const report::Analysis& analysis);

// RFC 4180, one row per job, a column per axis and figure.
std::string ResultsCsv(const report::ReportData& data);

}  // namespace optfleet::commands
