// Sweeps as data, made up from a formula: the same every time, with every kind of end in them. Tests of the
// report and of its page.
#pragma once

#include <map>
#include <string>

#include "optctl/report/data.h"

namespace optfleet::report {

// 34 jobs: sgd, adam, adamw x 5 learning rates x 2 batch sizes and, as one more block, 4 sizes of model. Some
// diverge, one runs out of memory, sgd's best lies at the edge.
ReportData QuickstartSweep();

ReportData RunningSweep();   // the same with jobs that run and wait
ReportData DivergedSweep();  // 3 jobs, none with a result
ReportData OneJob();         // no axis
ReportData WordsOnly();      // axes without numbers
ReportData Seeds();          // one axis and three seeds; gradient norms of blocks
ReportData Thousand();       // 1000 jobs on three axes
ReportData Hostile();        // names, reasons, values and files that try to be markup
ReportData Empty();          // no jobs

// All of them by file name without ending.
std::map<std::string, ReportData> AllSweeps();

}  // namespace optfleet::report
