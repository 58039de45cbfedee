// What the files hold that a sweep's jobs name, so that a coordinator can tell whether a job with an equal
// spec trained on the same.
#pragma once

#include "optfleet/v1/operator.pb.h"
#include "sweeps/expand.h"

namespace optfleet::commands {

// One entry for each file on this machine that can be read. Folders (of start.weights) have none.
google::protobuf::RepeatedPtrField<v1::FileStamp> StampsOf(const std::vector<sweeps::NeededFile>& files);

}  // namespace optfleet::commands
