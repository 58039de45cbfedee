// Runs update rules over tensors on a CUDA device: one pass over memory and many tensors in a launch, with
// the bits of the CPU's loops (rules/update.h, rules/quantised.h) but for the payload of NaNs.
//
// No Torch and no CUDA header here. Calls come back once the launches are queued on the stream; nothing waits
// for the device, and every array must stay until the stream has passed them. Any thread, with the stream's
// device current. A launch that the driver refuses throws std::runtime_error with the driver's words.
#pragma once

#include <span>

#include "trainer_core/rules/cuda/code_tables.h"
#include "trainer_core/rules/quantised.h"
#include "trainer_core/rules/update.h"

namespace optfleet::rules::cuda {

// What the device itself knows about a gradient. Both are scalars on the device, so the host needs no word of
// it before it queues the update.
struct DeviceGradient {
  const float* not_finite = nullptr;        // other than 0: not a byte of weights and states changes
  const float* scale = nullptr;             // GradientTransform::scale
  float bound = GradientTransform().bound;  // GradientTransform::bound
};

// cudaStream_t.
using Stream = void*;

// One step of a rule of element.h on every tensor; arrays lie on the device.
template <class Rule, class Weight, class State>
void Update(const Rule& rule, const DeviceGradient& gradient,
            std::span<const Elements<Weight, State>> tensors, Stream stream);

// The same of Adam and Lion with states in 8 bits. `tables`, on the device, is a copy of MakeCodeTables().
template <class Rule>
void Update(const Rule& rule, const DeviceGradient& gradient, std::span<const QuantisedElements> tensors,
            const CodeTables* tables, Stream stream);

}  // namespace optfleet::rules::cuda
