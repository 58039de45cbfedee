// A sweep of the wire as the plain values that the results table and the report are made of.
#pragma once

#include <vector>

#include "optctl/report/data.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::commands {

// Without series and without made_us, which only a report needs.
report::ReportData ReportDataOf(const v1::Sweep& sweep, const std::vector<v1::Job>& jobs);

std::vector<report::Series> SeriesOf(const v1::QueryMetricsResponse& response);

}  // namespace optfleet::commands
