#include "optctl/commands/reuse_view.h"

#include <algorithm>
#include <map>
#include <vector>

#include "common/text.h"
#include "optctl/commands/file_stamps.h"
#include "optctl/commands/numbers_text.h"
#include "optctl/commands/resource_argument.h"

namespace optfleet::commands {
namespace {

std::string SweepOf(const v1::PlanSweepResponse::EqualJob& equal) {
  const auto name = ParseJobResource(equal.equal_job());
  return name ? name->sweep : equal.equal_job();
}

std::string JobsText(size_t count) { return CountText(static_cast<int64_t>(count), "job", "jobs"); }

}  // namespace

void AskForReuse(const SweepSource& source, v1::CreateSweepRequest& request) {
  request.set_reuse(true);
  *request.mutable_file_stamps() = StampsOf(source.expanded.files);
}

std::string ReusedText(int32_t reused) {
  return reused == 0 ? "" : ", " + FormatCount(reused) + " of them taken over";
}

Result<v1::PlanSweepResponse> PlanAtCoordinator(Client& client, const SweepSource& source,
                                                const std::string& slot_model) {
  v1::PlanSweepRequest request;
  *request.mutable_sweep() = RequestOf(source).sweep();
  *request.mutable_file_stamps() = StampsOf(source.expanded.files);
  request.set_slot_model(slot_model);
  return client.PlanSweep(request);
}

std::string EqualJobsText(const v1::PlanSweepResponse& plan) {
  std::map<std::string, std::vector<int64_t>> by_sweep;     // that may be taken over
  std::map<std::string, std::vector<int64_t>> by_obstacle;  // that may not
  for (const auto& equal : plan.equal_jobs())
    (equal.obstacle().empty() ? by_sweep[SweepOf(equal)] : by_obstacle[equal.obstacle()])
        .push_back(equal.job());
  std::string text;
  auto not_named = static_cast<size_t>(plan.reusable_jobs());
  for (const auto& [sweep, jobs] : by_sweep) {
    text += JobsText(jobs.size()) + " succeeded already in " + sweep + ": " + NumbersText(jobs) + "\n";
    not_named -= std::min(not_named, jobs.size());
  }
  if (not_named > 0) text += JobsText(not_named) + " more, too many to name, succeeded already\n";
  if (!by_sweep.empty()) text += "  with --reuse their outcomes are taken over instead of training again\n";
  for (const auto& [obstacle, jobs] : by_obstacle)
    text += JobsText(jobs.size()) + " with an equal spec succeeded already, but " + obstacle + ": " +
            NumbersText(jobs) + "\n";
  return text;
}

Json EqualJobsJson(const v1::PlanSweepResponse& plan) {
  Json json = Json::array();
  for (const auto& equal : plan.equal_jobs())
    json.push_back({{"job", equal.job()},
                    {"equal_job", equal.equal_job()},
                    {"reusable", equal.obstacle().empty()},
                    {"obstacle", equal.obstacle().empty() ? Json(nullptr) : Json(equal.obstacle())}});
  return json;
}

}  // namespace optfleet::commands
