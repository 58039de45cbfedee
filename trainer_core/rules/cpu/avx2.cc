#define OPTFLEET_VECTORS avx2
#include "trainer_core/rules/cpu/factored.inc"
#include "trainer_core/rules/cpu/kernels.inc"
#include "trainer_core/rules/cpu/quantised.inc"
