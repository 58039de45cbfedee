#include "optctl/report/spread.h"

#include <algorithm>
#include <cmath>

namespace optfleet::report {
namespace {

bool IsOfBlock(const Series& series) { return series.key.starts_with(kBlockNorm); }

double SpreadAt(const std::vector<const Series*>& blocks, size_t i) {
  double least = INFINITY, most = 0;
  for (const Series* block : blocks) {
    if (!std::isfinite(block->last[i])) return NAN;
    least = std::min(least, block->last[i]);
    most = std::max(most, block->last[i]);
  }
  return least > 0 ? most / least : NAN;
}

}  // namespace

void AddSpread(Job* job, bool keep_blocks) {
  std::vector<const Series*> blocks;
  for (const Series& series : job->series)
    if (IsOfBlock(series)) blocks.push_back(&series);
  const bool alike = std::all_of(blocks.begin(), blocks.end(), [&](const Series* block) {
    return block->steps == blocks.front()->steps && block->last.size() == block->steps.size();
  });
  Series spread{.key = std::string(kBlockSpread)};
  if (alike && blocks.size() > 1) {
    spread.steps = blocks.front()->steps;
    spread.time_us = blocks.front()->time_us;
    for (size_t i = 0; i < spread.steps.size(); ++i) spread.last.push_back(SpreadAt(blocks, i));
  }
  if (!keep_blocks) std::erase_if(job->series, IsOfBlock);
  if (!spread.steps.empty()) job->series.push_back(std::move(spread));
}

}  // namespace optfleet::report
