#include "trainer_core/rules/code_book.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

namespace optfleet::rules {
namespace {

constexpr int kDecades = 7;

// i of torch.linspace(0.1, 1, parts + 1) in fp32, which counts from the nearer end.
float Boundary(int i, int parts) {
  const float step = (1.0f - 0.1f) / static_cast<float>(parts);
  return i < (parts + 1) / 2 ? 0.1f + step * static_cast<float>(i)
                             : 1.0f - step * static_cast<float>(parts - i);
}

std::vector<float> PositiveValues(bool with_sign) {
  constexpr double kScales[kDecades] = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1};
  std::vector<float> values;
  for (int decade = 0; decade < kDecades; ++decade) {
    const int parts = 1 << (with_sign ? decade : decade + 1);
    for (int i = 0; i < parts; ++i) {
      const float middle = (Boundary(i, parts) + Boundary(i + 1, parts)) / 2;
      values.push_back(static_cast<float>(kScales[decade]) * middle);
    }
  }
  values.push_back(1);
  return values;
}

CodeBook Make(bool with_sign) {
  const std::vector<float> positive = PositiveValues(with_sign);
  std::vector<float> all{0};
  all.insert(all.end(), positive.begin(), positive.end());
  if (with_sign) {
    for (size_t i = 0; i + 1 < positive.size(); ++i) all.push_back(-positive[i]);
  }
  std::sort(all.begin(), all.end());
  CodeBook book;
  std::copy(all.begin(), all.end(), book.value.begin());
  book.zero = static_cast<int32_t>(std::find(all.begin(), all.end(), 0.0f) - all.begin());

  const int32_t magnitudes = kCodes - book.zero;
  const auto magnitude = [&](int32_t code) { return book.value[static_cast<size_t>(book.zero + code)]; };
  book.boundary.fill(std::numeric_limits<float>::infinity());
  for (int32_t code = 0; code + 1 < magnitudes; ++code)
    book.boundary[static_cast<size_t>(code)] = (magnitude(code) + magnitude(code + 1)) / 2;
  for (int cell = 0; cell < kCells; ++cell) {
    const float least = std::bit_cast<float>((kFirstCell + static_cast<uint32_t>(cell)) << kCellShift);
    const auto above = std::lower_bound(book.boundary.begin(), book.boundary.end(), least);
    book.lowest[static_cast<size_t>(cell)] = static_cast<int32_t>(above - book.boundary.begin());
  }
  return book;
}

}  // namespace

const CodeBook& SignedCodes() {
  static const CodeBook book = Make(true);
  return book;
}

const CodeBook& UnsignedCodes() {
  static const CodeBook book = Make(false);
  return book;
}

}  // namespace optfleet::rules
