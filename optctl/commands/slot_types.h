// Kinds of slots by model: those that workers have and those that jobs were timed on. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::commands {

struct SlotType {
  bool is_gpu = false;
  std::string model;
  int32_t threads = 0;                 // of a CPU slot; 0 of a GPU
  std::vector<int> slots_of_worker{};  // of each worker that has not left; empty: only timed
  int64_t memory_bytes = 0;            // of the largest of these slots; 0: not limited

  std::string Name() const;  // "EPYC 7B13 x 2 threads"
  int slots() const;
  bool IsOf(const v1::Measurement& measurement) const;
};

// Those of workers first, in the order of the workers.
std::vector<SlotType> SlotTypes(const std::vector<v1::Worker>& workers,
                                const std::vector<v1::Measurement>& measurements);

// Of several with a name that contains `name`, whatever its case, all that have the first one's model; all
// that workers have if `name` is empty. INVALID_ARGUMENT lists what there is.
Result<std::vector<SlotType>> ChooseTypes(const std::vector<SlotType>& types, const std::string& name);

}  // namespace optfleet::commands
