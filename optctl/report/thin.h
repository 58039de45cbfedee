// Makes series small enough for a page without losing what a reader looks for: spikes stay, as the extremes
// of their bucket.
#pragma once

#include <cstddef>

#include "optctl/report/data.h"

namespace optfleet::report {

// At most `points` buckets of neighbouring points (`points` > 0): last step, last value, extremes of the
// finite values, last time. A series that is short enough comes back as it is. Columns of unequal length are
// cut to the shortest.
Series Thin(const Series& series, size_t points);

// Points that each series of a report may keep, so that `series_count` of them stay within the budget of one
// page.
size_t PointsPerSeries(size_t series_count);

}  // namespace optfleet::report
