#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <mutex>

#include "trainer_core/optim/rule.h"

namespace optfleet::trainer {
namespace {

// Elements of a piece: some hundred kilobytes of weights, gradients and states, which a core's cache holds.
constexpr int64_t kPiece = 1 << 15;

struct Piece {
  const Item* item;
  int64_t begin, size;
};

int64_t SizeOfPiece(int64_t unit) { return std::max(unit, kPiece / unit * unit); }

}  // namespace

void InPieces(int64_t count, int64_t unit, const std::function<void(int64_t, int64_t)>& work) {
  const int64_t size = SizeOfPiece(unit);
  at::parallel_for(0, (count + size - 1) / size, 1, [&](int64_t first, int64_t last) {
    const at::NoGradGuard no_grad;  // a thread's own
    for (int64_t i = first; i < last; ++i) work(i * size, std::min(size, count - i * size));
  });
}

double SumOverPieces(int64_t count, int64_t unit,
                     const std::function<double(int64_t begin, int64_t size)>& term) {
  std::vector<std::pair<int64_t, double>> terms;
  std::mutex mutex;
  InPieces(count, unit, [&](int64_t begin, int64_t size) {
    const double value = term(begin, size);
    const std::lock_guard lock(mutex);
    terms.emplace_back(begin, value);
  });
  std::sort(terms.begin(), terms.end());
  double sum = 0;
  for (const auto& [begin, value] : terms) sum += value;
  return sum;
}

void OverElements(const std::vector<Item>& items, int64_t unit,
                  const std::function<void(const Item&, int64_t, int64_t)>& work) {
  const int64_t size = SizeOfPiece(unit);
  std::vector<Piece> pieces;
  for (const Item& item : items) {
    for (int64_t begin = 0; begin < item.count(); begin += size)
      pieces.push_back({&item, begin, std::min(size, item.count() - begin)});
  }
  at::parallel_for(0, static_cast<int64_t>(pieces.size()), 1, [&](int64_t first, int64_t last) {
    const at::NoGradGuard no_grad;
    for (int64_t i = first; i < last; ++i) {
      const Piece& piece = pieces[static_cast<size_t>(i)];
      work(*piece.item, piece.begin, piece.size);
    }
  });
}

}  // namespace optfleet::trainer
