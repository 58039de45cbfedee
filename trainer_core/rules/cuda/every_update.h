// Every Update of update.h, to be instantiated beside its definition: by the kernels, by tests that run their
// bodies on the host, and by programs without CUDA.
#pragma once

#include "trainer_core/rules/cuda/update.h"

#define OPTFLEET_DEVICE_UPDATE(Rule, Weight, State) \
  template void Update(const Rule&, const DeviceGradient&, std::span<const Elements<Weight, State>>, Stream);
#define OPTFLEET_DEVICE_UPDATES(Weight, State)             \
  OPTFLEET_DEVICE_UPDATE(PlainSgd, Weight, State)          \
  OPTFLEET_DEVICE_UPDATE(MomentumSgd, Weight, State)       \
  OPTFLEET_DEVICE_UPDATE(Adam, Weight, State)              \
  OPTFLEET_DEVICE_UPDATE(Lion, Weight, State)              \
  OPTFLEET_DEVICE_UPDATE(AdEmaMix, Weight, State)          \
  OPTFLEET_DEVICE_UPDATE(ScheduleFreeSgd, Weight, State)   \
  OPTFLEET_DEVICE_UPDATE(ScheduleFreeAdamW, Weight, State) \
  OPTFLEET_DEVICE_UPDATE(Sophia, Weight, State)            \
  OPTFLEET_DEVICE_UPDATE(SophiaCurvature, Weight, State)
#define OPTFLEET_QUANTISED_DEVICE_UPDATE(Rule)                                                 \
  template void Update(const Rule&, const DeviceGradient&, std::span<const QuantisedElements>, \
                       const CodeTables*, Stream);
#define OPTFLEET_QUANTISED_DEVICE_UPDATES \
  OPTFLEET_QUANTISED_DEVICE_UPDATE(Adam)  \
  OPTFLEET_QUANTISED_DEVICE_UPDATE(Lion)
