// Checker: checkpoints that outlive their jobs. Said of the rows as they are committed, and of what workers
// delete.
#include "common/kept_path.h"
#include "coordinator/store/rows.h"
#include "tests/coordinator/simulation/checker.h"

namespace optfleet::simulation {
namespace {

bool IsOpen(const domain::Job& job) { return job.status.state != domain::JobState::kEnded; }

}  // namespace

void Checker::ApplyKept(const engine::Changes& changes, Rows* rows, bool check) {
  for (const engine::PinChange& change : changes.pins) {
    rows->pins.erase(change.checkpoint);
    if (change.time) rows->pins.insert(change.checkpoint);
  }
  for (const engine::KeptChange& change : changes.kept) {
    const bool was_released =
        rows->kept.contains(change.row.id) && rows->kept.at(change.row.id).released_time;
    rows->kept.erase(change.row.id);
    if (change.gone) continue;
    rows->kept.emplace(change.row.id, change.row);
    if (check && change.row.released_time && !was_released) CheckRelease(*rows, change.row.id);
  }
}

void Checker::CheckRelease(const Rows& rows, const domain::KeptId& id) {
  context_->coverage->Count("checkpoints released");
  const std::string name = ToResource(id.name);
  const JobName& job = id.name.attempt.job;
  const auto own = rows.jobs.find(job);
  if (own == rows.jobs.end() || IsOpen(own->second))
    context_->Violate("a checkpoint that is needed stays", name + " was released before its job ended");
  if (rows.pins.contains(id.name)) context_->Violate("a pinned checkpoint stays", name + " was released");
  const auto sweep = rows.sweeps.find(job.sweep);
  if (sweep == rows.sweeps.end() || !sweep->second.keep.limits())
    context_->Violate("a checkpoint that is needed stays", name + ": its sweep keeps all");
  for (const auto& [other, row] : rows.jobs) {
    if (!IsOpen(row)) continue;
    for (const CheckpointName& start : KeptCheckpointsIn(row.definition.spec_json)) {
      if (start == id.name)
        context_->Violate("a checkpoint that is needed stays",
                          name + " was released, and " + ToResource(other) + " starts from it");
    }
  }
}

void Checker::NoteReleased() {
  for (const auto& [id, row] : rows_.kept)
    if (row.released_time) released_.insert(id);
}

void Checker::DeletedKept(const std::string& worker, const worker::KeptName& name) {
  context_->coverage->Count("checkpoints deleted");
  const auto attempt = ParseAttemptResource(name.key.attempt);
  if (attempt && released_.contains({{*attempt, name.step}, name.key.fence.incarnation, worker})) return;
  context_->Violate("nothing is deleted before that was decided for good",
                    name.key.attempt + " step " + std::to_string(name.step) + " went from " + worker);
}

bool Checker::ReadKept(store::Connection* connection, Rows* rows) {
  auto kept = connection->Prepare(std::string("SELECT ") + store::kCheckpointColumns + " FROM checkpoints");
  auto pins = connection->Prepare("SELECT sweep, job, attempt, step FROM pins");
  if (!kept || !pins) return false;
  for (auto more = kept->Step(); more.value_or(false); more = kept->Step()) {
    auto row = store::ReadCheckpoint(*kept);
    if (!row) return false;
    rows->kept.emplace(row->id, *row);
  }
  for (auto more = pins->Step(); more.value_or(false); more = pins->Step()) {
    rows->pins.insert(
        {{{pins->Text(0), static_cast<int32_t>(pins->Int(1))}, static_cast<int32_t>(pins->Int(2))},
         pins->Int(3)});
  }
  return true;
}

// What was released is gone, and no job has more than its sweep lets it keep.
std::string Checker::Uncollected() const {
  std::map<JobName, int32_t> left;
  for (const auto& [id, row] : rows_.kept) {
    if (row.released_time) return ToResource(id.name) + " is still on " + id.worker;
    if (!rows_.pins.contains(id.name)) ++left[id.name.attempt.job];
  }
  for (const auto& [job, count] : left) {
    const domain::KeepPolicy& keep = rows_.sweeps.at(job.sweep).keep;
    const int32_t most = keep.best.value_or(0) + keep.last.value_or(0);
    if (((keep.best || keep.last) && count > most) || keep.best_jobs == 0)
      return ToResource(job) + " keeps " + std::to_string(count) + " checkpoints";
  }
  return "";
}

}  // namespace optfleet::simulation
