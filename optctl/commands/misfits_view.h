// Jobs of a plan that no worker can hold, and why: text and JSON. Pure.
#pragma once

#include <string>

#include "common/json.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::commands {

// "every job has a place on one of 2 workers", or nothing where somebody has none or nobody knows.
std::string PlacesText(const v1::PlanSweepResponse& plan);
// Lines for people: how many, which, why; counted, with the first of them. Empty if there are none.
std::string MisfitsText(const v1::PlanSweepResponse& plan);

Json MisfitsJson(const v1::PlanSweepResponse& plan);
// Adds to each job of `jobs` what is in its way, as `misfit`: null if nothing is.
void AddMisfits(const v1::PlanSweepResponse& plan, Json& jobs);

}  // namespace optfleet::commands
