// Keys that a file gives to runs that do not read them: a momentum for adamw, a cycle for a cosine. Each is
// reported where it stands, unless some run that it is given to reads it: a list of optimizers may share keys
// that only one of them knows.
#pragma once

#include <cstddef>
#include <vector>

#include "common/diagnostics.h"
#include "spec/training_spec.h"
#include "sweeps/document.h"

namespace optfleet::sweeps {

class UnusedKeys {
 public:
  // A key above the blocks is given to the runs of all blocks that do not replace it. Returns the index of
  // the first one.
  size_t AddBlocks(const std::vector<Block>& blocks);

  // A point of the block with this index. `spec` is as written, not resolved.
  void Visit(size_t block, const spec::TrainingSpec& spec);

  void Report(Diagnostics* diagnostics) const;

 private:
  struct Given {
    const spec::Field* field;
    SourcePosition position;
    bool used = false;
  };
  bool IsReplacedDefault(const Given& given) const;

  std::vector<Given> given_;
  std::vector<std::vector<size_t>> of_block_;  // indices into given_
};

}  // namespace optfleet::sweeps
