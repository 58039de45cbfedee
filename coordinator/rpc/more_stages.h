// Extends a sweep with stages: a changed file puts other stages in the place of those that have not begun.
#pragma once

#include <optional>

#include "coordinator/rpc/extension.h"
#include "coordinator/rpc/rpc_error.h"

namespace optfleet::rpc {

// A sweep that is to be extended.
struct KnownSweep {
  store::SweepPoints points;
  domain::SweepSource source;  // of one with stages: by which it has got so far
};

// Gives `extension` the points of the stages (and rounds) that have begun as the changed file `source` has
// them, so that their jobs get values on axes that are new. Nothing new may be among them, and nothing gone:
// what followed from them would no longer follow. Returns what is wrong: FAILED_PRECONDITION for that,
// INVALID_ARGUMENT for mistakes in the file, also in stages that are still to begin. `file_count`: of the
// request. For a working thread.
std::optional<RpcError> GiveBegunStages(const KnownSweep& known, const sweeps::SweepInput& source,
                                        int file_count, Extension* extension);

}  // namespace optfleet::rpc
