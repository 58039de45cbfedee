// Named tensors in a safetensors file. Owned by the training thread.
#pragma once

#include <string>

#include "common/result.h"
#include "common/rundir/documents.h"
#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

// Writes and fsyncs folder/name; the answer is its line of the manifest. Tensors of a GPU are copied one at a
// time.
Result<rundir::ManifestFile> WriteTensors(const std::string& folder, const std::string& name,
                                          const NamedTensors& tensors);

// The same for a path: a file of that name is replaced once the new one is whole.
Status ReplaceTensors(const std::string& path, const NamedTensors& tensors);

// Copies the file's tensors into `live`, without a second copy in memory. Every name, type and shape must be
// there and no other: FAILED_PRECONDITION names the first that is not; DATA_LOSS for a damaged file. On
// failure `live` may be partly overwritten.
Status ReadTensorsInto(const std::string& path, const NamedTensors& live);

}  // namespace optfleet::trainer
