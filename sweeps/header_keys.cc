#include "sweeps/header_keys.h"

#include <array>

namespace optfleet::sweeps {
namespace {

constexpr std::array<HeaderKey, 37> kTable{{
    {"name", "a text of 1 to 200 bytes", "the first file's name",
     "Name of the sweep, of which its id is made."},
    {"description", "a text", "", "The question in words; reports show it."},
    {"objective", "the key of a metric, such as val_loss", "val_loss",
     "Compares jobs: less is better, more with `maximize`."},
    {"sweep", "a list of blocks", "one block, the keys of the file",
     "Blocks of keys, each laid over those of the file and expanded by itself."},
    {"stages", "a list of stages", "one, the whole file",
     "Parts that run one after another, each from the best jobs of earlier ones."},
    {"zip", "a map of keys, or a list of such maps", "",
     "Lists of one length that vary together, as one axis. Also in a block."},
    {"exclude", "a map of keys, or a list of such maps", "",
     "Points that are left out: those with one of the values of every key. Also in a block."},
    {"replicates", "a whole number from 1 to 1,000", "1",
     "Each point so often, with seeds that follow each other from training.seed on."},
    {"sample.points", "a whole number from 1 to 100,000", "",
     "Points that are drawn for the keys with a distribution, in each block."},
    {"sample.method", "sobol, random or tpe", "sobol",
     "How: evenly, each by itself, or from what earlier ones came to."},
    {"sample.batch", "a whole number from 1 to 1,000", "4",
     "Points that `tpe` tries before it draws the next ones."},
    {"sample.seed", "a whole number from 0 to 1,000,000,000", "0", "Other points with another one."},
    {"halving.first", "a number of steps or a share of the run, as 10%", "10%",
     "First rung: jobs pause there, and the best go on to the next."},
    {"halving.factor", "a whole number from 2 to 100", "3",
     "One in so many goes on from a rung, to so many times the steps."},
    {"stop.median_after", "a number of steps or a share of the run, as 20%", "",
     "From there on a job stops whose best value is worse than the median of the others' averages."},
    {"stop.median_jobs", "a whole number from 1 to 100,000", "3", "Others that must have got as far."},
    {"stop.plateau", "a number of steps or a share of the run, as 10%", "",
     "A job stops that has not become better for so long."},
    {"stop.plateau_by", "a number from 0", "0", "What is not better by more than this does not count."},
    {"stop.diverged_factor", "a number above 1", "",
     "A job has diverged with a value above so many times its best one."},
    {"stop.diverged_limit", "a number", "",
     "The same with a value above this one; below it where more is better."},
    {"stop.diverged_reports", "a whole number from 1 to 1,000", "1", "Such values in a row."},
    {"guard.diverged", "a share of the jobs, as 30%, or a number of jobs", "",
     "The sweep pauses when more jobs have diverged; a share is of those that have ended."},
    {"guard.failed", "a share of the jobs, as 30%, or a number of jobs", "",
     "The same for jobs that have failed."},
    {"guard.after", "a whole number from 1 to 1,000,000", "10",
     "Jobs that must have ended before a share counts."},
    {"guard.device_hours", "a number of hours above 0, or a time as 90min", "",
     "The sweep pauses when its jobs have held slots for so long, all together."},
    {"equal_points", "merge or keep", "merge", "Points that compute the same are one job, or a job each."},
    {"resources.slots", "a whole number from 1 to 1,024", "1",
     "Slots of one worker that a job takes, all or none."},
    {"resources.device", "gpu, cpu or any", "any", "Kind of slot."},
    {"resources.share", "a share from 1% to 100%", "all of it",
     "Part of each slot, so that small jobs share one."},
    {"resources.memory", "a size as 40GB, or `predicted` or `any`", "predicted",
     "Memory of each slot that must be free."},
    {"resources.host_memory", "a size as 64GB", "not asked for", "Memory of the machine that must be free."},
    {"resources.labels", "a map", "not asked for", "Labels that the worker must have, as {zone: a}."},
    {"priority", "a whole number from -1000000 to 1,000,000", "0", "Sweeps with a higher one go first."},
    {"max_running", "a whole number from 0 to 1,000,000", "0",
     "Jobs that run at a time; 0 does not limit them."},
    {"keep_checkpoints.best_jobs", "a whole number from 0 to 1,000,000", "all",
     "Jobs, the best by the objective, that keep checkpoints once they have ended."},
    {"keep_checkpoints.best", "a whole number from 1 to 1,000,000", "all",
     "Checkpoints of such a job with the least val_loss."},
    {"keep_checkpoints.last", "a whole number from 1 to 1,000,000", "all",
     "The newest checkpoints of such a job."},
}};

std::string_view TopOf(std::string_view key) { return key.substr(0, key.find('.')); }

// Keys of a group stand together in the table.
std::vector<std::string_view> TopNames() {
  std::vector<std::string_view> names;
  for (const HeaderKey& key : kTable)
    if (names.empty() || names.back() != TopOf(key.key)) names.push_back(TopOf(key.key));
  return names;
}

}  // namespace

std::span<const HeaderKey> HeaderKeyTable() { return kTable; }

std::span<const std::string_view> HeaderNames() {
  static const std::vector<std::string_view> kNames = TopNames();
  return kNames;
}

std::vector<std::string_view> HeaderNamesIn(std::string_view group) {
  std::vector<std::string_view> names;
  for (const HeaderKey& key : kTable)
    if (TopOf(key.key) == group && key.key.size() > group.size())
      names.push_back(key.key.substr(group.size() + 1));
  return names;
}

}  // namespace optfleet::sweeps
