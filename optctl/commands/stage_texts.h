// What is said of the stages of a sweep that is extended.
#pragma once

#include <string>
#include <vector>

#include "optfleet/v1/operator.pb.h"

namespace optfleet::commands {

// "rates", "rates (round 3)".
std::string StageTitle(const v1::Stage& stage);

// "no stage is still to begin", "seeds is still to begin", "seeds, final are still to begin".
std::string StillToBegin(const v1::Sweep& sweep);

// Stages of a file against those of a sweep, in the order of the file. Points of stages that are still to
// begin follow from results, so only names, bases and rounds are compared.
struct StageDifference {
  struct Row {
    char sign = ' ';  // '+' only of the file, '-' only of the sweep
    v1::Stage stage;
  };
  std::vector<Row> rows;
  int added = 0, gone = 0, common = 0;
};
StageDifference CompareStages(const v1::Sweep& sweep, const v1::Sweep& extended);

}  // namespace optfleet::commands
