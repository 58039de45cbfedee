#define OPTFLEET_VECTORS avx2
#include "trainer_core/rules/cpu/kernels.inc"
