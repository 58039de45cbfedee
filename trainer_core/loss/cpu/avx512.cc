#define OPTFLEET_VECTORS avx512
#include "trainer_core/loss/cpu/rows.inc"
