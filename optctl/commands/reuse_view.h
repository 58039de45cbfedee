// Outcomes that are taken over from equal jobs: asking for it, and what is said about it.
#pragma once

#include <string>

#include "common/json.h"
#include "optctl/commands/client.h"
#include "optctl/commands/sweep_source.h"

namespace optfleet::commands {

void AskForReuse(const SweepSource& source, v1::CreateSweepRequest& request);

// ", 12 of them taken over"; empty for none.
std::string ReusedText(int32_t reused);

// What the coordinator would find of use for the sweep. `slot_model`: only such slots count as places.
Result<v1::PlanSweepResponse> PlanAtCoordinator(Client& client, const SweepSource& source,
                                                const std::string& slot_model);

// Lines for people: how many jobs have equals, which, and why some cannot be taken over. Empty if there are
// none.
std::string EqualJobsText(const v1::PlanSweepResponse& plan);
Json EqualJobsJson(const v1::PlanSweepResponse& plan);

}  // namespace optfleet::commands
