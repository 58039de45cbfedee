// Which group each of some named tensors belongs to.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "spec/optimizer_spec.h"

namespace optfleet::trainer {

// One group per name. `path` is a YAML file, name or glob ("blocks.*.bias") -> group, that must cover every
// name once, or empty: then names decide as the trainer's own do ("token_embedding.weight", "output.weight",
// "norm", "bias", "attention"; all else is mlp). INVALID_ARGUMENT holds all mistakes of the file with their
// places.
Result<std::vector<spec::ParameterGroup>> GroupsOf(const std::vector<std::string>& names,
                                                   const std::string& path);

// INVALID_ARGUMENT names the groups that the optimizer treats differently and that none of the tensors is in.
Status CheckGroups(const spec::OptimizerSpec& optimizer, const std::vector<spec::ParameterGroup>& groups);

}  // namespace optfleet::trainer
