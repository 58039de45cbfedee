// What a sweep has cost, and what its guard says of that.
#pragma once

#include "common/time.h"
#include "coordinator/store/read_store.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::rpc {

// Sets guard, device_hours and guard_verdict.
void SetSpending(const store::SweepView& view, Time now, v1::Sweep* wire);

}  // namespace optfleet::rpc
