#include "common/rundir/layout.h"

#include "common/kept_path.h"

namespace optfleet::rundir {

std::string CheckpointName(int64_t step) { return CheckpointFolder(step); }

}  // namespace optfleet::rundir
