#include "optctl/commands/misfits_view.h"

#include <cstdint>
#include <string>
#include <vector>

#include "common/text.h"
#include "optctl/commands/numbers_text.h"

namespace optfleet::commands {
namespace {

constexpr size_t kWidth = 76;

// On lines behind two blanks.
std::string Indented(const std::string& text) {
  std::string lines = "  ";
  for (const char c : WrapWords(text, kWidth)) lines.append(1, c).append(c == '\n' ? "  " : "");
  return lines + "\n";
}

Json ReasonJson(const v1::PlanSweepResponse::Misfit& misfit) {
  return {{"reason", misfit.reason()}, {"is_tried", misfit.is_tried()}};
}

}  // namespace

std::string PlacesText(const v1::PlanSweepResponse& plan) {
  if (plan.misfits_size() > 0 || plan.worker_count() == 0) return "";
  return plan.worker_count() == 1
             ? "every job has a place on the worker that is connected"
             : "every job has a place on one of " + FormatCount(plan.worker_count()) + " workers";
}

std::string MisfitsText(const v1::PlanSweepResponse& plan) {
  std::string text;
  for (const auto& misfit : plan.misfits()) {
    text += CountText(misfit.job_count(), "job", "jobs");
    text += misfit.is_tried() ? (misfit.job_count() == 1 ? " is expected to run out of memory: "
                                                         : " are expected to run out of memory: ")
                              : (misfit.job_count() == 1 ? " fits on no worker: " : " fit on no worker: ");
    text += NumbersText(std::vector<int64_t>(misfit.jobs().begin(), misfit.jobs().end())) + "\n";
    text += Indented((misfit.job_count() == 1 ? "" : "the first of them: ") + misfit.reason());
  }
  return text;
}

Json MisfitsJson(const v1::PlanSweepResponse& plan) {
  Json json = Json::array();
  for (const auto& misfit : plan.misfits()) {
    Json one = ReasonJson(misfit);
    one["job_count"] = misfit.job_count();
    one["jobs"] = std::vector<int32_t>(misfit.jobs().begin(), misfit.jobs().end());
    json.push_back(std::move(one));
  }
  return json;
}

void AddMisfits(const v1::PlanSweepResponse& plan, Json& jobs) {
  for (Json& job : jobs) job["misfit"] = nullptr;
  for (const auto& misfit : plan.misfits())
    for (const int32_t number : misfit.jobs()) {
      const auto at = static_cast<size_t>(number) - 1;
      if (at < jobs.size()) jobs[at]["misfit"] = ReasonJson(misfit);
    }
}

}  // namespace optfleet::commands
