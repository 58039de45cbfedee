// Runs an element-wise rule over memory: one pass, no temporary, whatever the processor's vectors.
//
// No Torch here. The caller splits the work (any split gives the same bits) and owns the threads.
#pragma once

#include <cstdint>

#include "trainer_core/rules/element.h"
#include "trainer_core/rules/storage.h"

namespace optfleet::rules {

inline constexpr int kMostStates = 3;

// `count` consecutive elements of one tensor. The arrays do not overlap. Weight and gradient are of one type
// (Weight), states of another (State).
template <class Weight, class State>
struct Elements {
  Weight* weight = nullptr;
  const Weight* gradient = nullptr;
  State* states[kMostStates] = {};  // the first Rule::kStates are used
  int64_t count = 0;
};

// One step of the rule on all elements. Any thread; pure apart from the arrays.
template <class Rule, class Weight, class State>
void Update(const Rule& rule, const GradientTransform& transform, const Elements<Weight, State>& elements);

// Instruction sets that kernels are compiled for; all give the same bits.
enum class Vectors { kBaseline, kAvx2, kAvx512 };

Vectors BestVectors();   // of this processor
Vectors VectorsInUse();  // BestVectors() unless UseVectors() said otherwise
// For tests and benchmarks: use these from now on, which must be no better than BestVectors().
void UseVectors(Vectors vectors);

}  // namespace optfleet::rules
