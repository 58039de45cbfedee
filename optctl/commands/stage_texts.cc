#include "optctl/commands/stage_texts.h"

#include <algorithm>

namespace optfleet::commands {
namespace {

bool Same(const v1::Stage& a, const v1::Stage& b) {
  return a.name() == b.name() && a.base() == b.base() && a.round() == b.round();
}

bool Has(const v1::Sweep& sweep, const v1::Stage& stage) {
  return std::any_of(sweep.stages().begin(), sweep.stages().end(),
                     [&](const v1::Stage& one) { return Same(one, stage); });
}

}  // namespace

std::string StageTitle(const v1::Stage& stage) {
  if (stage.round() == 0) return stage.name();
  return stage.name() + " (round " + std::to_string(stage.round()) + ")";
}

std::string StillToBegin(const v1::Sweep& sweep) {
  std::string titles;
  int count = 0;
  for (const v1::Stage& stage : sweep.stages()) {
    if (stage.begun()) continue;
    titles += (count++ == 0 ? "" : ", ") + StageTitle(stage);
  }
  if (count == 0) return "no stage is still to begin";
  return titles + (count == 1 ? " is" : " are") + " still to begin";
}

StageDifference CompareStages(const v1::Sweep& sweep, const v1::Sweep& extended) {
  StageDifference difference;
  for (const v1::Stage& stage : extended.stages()) {
    const bool is_there = Has(sweep, stage);
    ++(is_there ? difference.common : difference.added);
    difference.rows.push_back({is_there ? ' ' : '+', stage});
  }
  for (const v1::Stage& stage : sweep.stages()) {
    if (Has(extended, stage)) continue;
    ++difference.gone;
    difference.rows.push_back({'-', stage});
  }
  return difference;
}

}  // namespace optfleet::commands
