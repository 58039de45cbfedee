// The loops of quantised.h, one table of them per instruction set.
#pragma once

#include "trainer_core/rules/code_book.h"
#include "trainer_core/rules/quantised.h"

namespace optfleet::rules {

struct QuantisedTable {
  void (*update_adam)(const Adam&, const GradientTransform&, const QuantisedElements&,
                      const CodeBook& signed_codes, const CodeBook& unsigned_codes);
  void (*update_lion)(const Lion&, const GradientTransform&, const QuantisedElements&,
                      const CodeBook& signed_codes);
};

namespace baseline {
extern const QuantisedTable kQuantised;
}
namespace avx2 {
extern const QuantisedTable kQuantised;
}
namespace avx512 {
extern const QuantisedTable kQuantised;
}

}  // namespace optfleet::rules
