// What `opt-trainer probe` is given besides a spec, checked before a tensor is made. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spec/parameters.h"
#include "trainer_core/checkpoint/safetensors.h"

namespace optfleet::trainer {

using Mistakes = std::vector<std::string>;  // one sentence each

// Row by row: sequences x length of each.
struct ProbeTokens {
  int64_t sequences = 0;
  int64_t length = 0;
  std::vector<int64_t> inputs;
  std::vector<int64_t> targets;  // what follows each input
};

// {"inputs": [[...]], "targets": [[...]]}, or {"tokens": [[...]]}, where a sequence's targets are its tokens
// one further. All sequences have one length, at most `model.context`; tokens are below the vocabulary. With
// mistakes the result means nothing. `file` names the text in messages.
ProbeTokens ReadTokens(const std::string& file, std::string_view json, const spec::ModelSpec& model,
                       Mistakes* mistakes);

// Whether a file holds the parameters by name and shape, in `type`, and nothing else.
void CheckWeights(const std::string& file, const StoredTensors& stored,
                  const std::vector<spec::Parameter>& parameters, std::string_view type, Mistakes* mistakes);

}  // namespace optfleet::trainer
