// How far a sweep with stages has got, as the expansion takes it. Pure.
#pragma once

#include "coordinator/store/read_store.h"
#include "sweeps/expand.h"

namespace optfleet::rpc {

// Its file as it was submitted, or last extended by; without progress.
sweeps::SweepInput InputOf(const domain::SweepSource& source);

// Up to the last part (a stage, or a round of one) that has begun.
sweeps::Progress ProgressOf(const store::SweepPoints& sweep);

}  // namespace optfleet::rpc
