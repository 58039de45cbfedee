#include "trainer_core/rules/cuda/code_tables.h"

#include <algorithm>

namespace optfleet::rules::cuda {
namespace {

CodeTable Compact(const CodeBook& book) {
  CodeTable table{};
  std::copy(book.value.begin(), book.value.end(), table.value);
  std::copy(book.boundary.begin(), book.boundary.end(), table.boundary);
  std::transform(book.lowest.begin(), book.lowest.end(), table.lowest,
                 [](int32_t code) { return static_cast<uint8_t>(code); });
  table.zero = book.zero;
  return table;
}

}  // namespace

CodeTables MakeCodeTables() { return {Compact(SignedCodes()), Compact(UnsignedCodes())}; }

}  // namespace optfleet::rules::cuda
