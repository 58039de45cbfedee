// rules/cuda/update.h in programs that are built without CUDA; nothing calls it, as their weights lie on the
// host.
#include <stdexcept>

#include "trainer_core/rules/cuda/every_update.h"

namespace optfleet::rules::cuda {
namespace {

[[noreturn]] void Refuse() { throw std::runtime_error("this program is built without CUDA"); }

}  // namespace

template <class Rule, class Weight, class State>
void Update(const Rule&, const DeviceGradient&, std::span<const Elements<Weight, State>>, Stream) {
  Refuse();
}

template <class Rule>
void Update(const Rule&, const DeviceGradient&, std::span<const QuantisedElements>, const CodeTables*,
            Stream) {
  Refuse();
}

OPTFLEET_DEVICE_UPDATES(float, float)
OPTFLEET_DEVICE_UPDATES(BFloat16, float)
OPTFLEET_DEVICE_UPDATES(BFloat16, BFloat16)
OPTFLEET_QUANTISED_DEVICE_UPDATES

}  // namespace optfleet::rules::cuda
