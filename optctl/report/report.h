// One self-contained HTML page that answers a sweep's question: the best point of each line, the charts
// behind it, every job.
#pragma once

#include <string>

#include "optctl/report/data.h"

namespace optfleet::report {

// The whole file. It opens by double-click and never asks any address for anything: script, style and data
// are inline and its Content-Security-Policy allows nothing else. Pure and total: the same data gives the
// same bytes, and any data gives a page (no jobs, no axis, a running sweep, hostile names). About 50 KB plus
// 10 bytes a point, spec and sweep file.
std::string RenderReport(const ReportData& data);

}  // namespace optfleet::report
