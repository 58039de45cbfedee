#define OPTFLEET_VECTORS baseline
#include "trainer_core/loss/cpu/rows.inc"
