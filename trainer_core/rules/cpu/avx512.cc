#define OPTFLEET_VECTORS avx512
#include "trainer_core/rules/cpu/kernels.inc"
