// Learning curves that were recorded, as a table: a line for each job,
//
//   optimizer,schedule,learning_rate,seconds_per_step,15,30,...
//   sgd,cosine,0.1,0.034,4.01,3.52,...
//
// First what tells jobs apart, then the seconds of a step, then a value for each validation, whose steps are
// the names of the columns; the last one is the end. An empty cell: the job diverged there. Without quotes.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "sweeps/search/replay.h"

namespace optfleet::sweeps {

struct CurveRow {
  int64_t line = 0;                // of the text, from 1
  std::vector<std::string> cells;  // one for each of CurveTable::columns
  Curve curve;
};

struct CurveTable {
  std::vector<std::string> columns;  // before seconds_per_step
  std::vector<CurveRow> rows;        // at least one
};

// INVALID_ARGUMENT with the line of the first mistake.
Result<CurveTable> ReadCurveTable(std::string_view text);

}  // namespace optfleet::sweeps
