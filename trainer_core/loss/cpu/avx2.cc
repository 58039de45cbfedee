#define OPTFLEET_VECTORS avx2
#include "trainer_core/loss/cpu/rows.inc"
