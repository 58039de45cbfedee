#define OPTFLEET_VECTORS baseline
#include "trainer_core/rules/cpu/kernels.inc"
