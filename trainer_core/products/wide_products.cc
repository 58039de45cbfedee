#include "trainer_core/products/wide_products.h"

#include <ATen/ATen.h>
#include <ATen/ops/addmm_cpu_dispatch.h>
#include <ATen/ops/baddbmm_cpu_dispatch.h>
#include <ATen/ops/bmm_cpu_dispatch.h>
#include <ATen/ops/mm_cpu_dispatch.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdlib>

namespace optfleet::trainer::wide {
namespace {

// Numbers of a tile that is widened at once: 4 MiB, which the processor's caches hold in part, and large
// enough for a product to reach its speed.
constexpr int64_t kTile = 1 << 20;

int64_t TileOf(int64_t extent, int64_t numbers_each) {
  return std::clamp<int64_t>(kTile / std::max<int64_t>(numbers_each, 1), 1, extent);
}

// fp32 memory that stays with the process, as oneDNN's does: not of the slot's allocator.
class Scratch {
 public:
  Scratch() = default;
  ~Scratch() { std::free(numbers_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  at::Tensor Of(at::IntArrayRef sizes) {
    const int64_t count = c10::multiply_integers(sizes);
    if (count > capacity_) {
      std::free(numbers_);
      capacity_ = (count + 15) / 16 * 16;
      numbers_ = static_cast<float*>(std::aligned_alloc(64, static_cast<size_t>(capacity_) * sizeof(float)));
      if (numbers_ == nullptr) capacity_ = 0;
      TORCH_CHECK_WITH(OutOfMemoryError, numbers_ != nullptr, "the machine has no memory to widen ", count,
                       " numbers");
    }
    return at::from_blob(numbers_, sizes, at::kFloat);
  }

  // A transposed matrix stays one, which costs a product nothing.
  at::Tensor Wide(const at::Tensor& x) {
    const bool turned = x.stride(-2) == 1 && x.stride(-1) != 1;
    const at::Tensor rows = turned ? x.transpose(-2, -1) : x;
    const at::Tensor wide = Of(rows.sizes()).copy_(rows);
    return turned ? wide.transpose(-2, -1) : wide;
  }

 private:
  float* numbers_ = nullptr;
  int64_t capacity_ = 0;
};

struct Memory {
  Scratch a, b, product;
};

Memory& Mine() {
  static thread_local Memory memory;
  return memory;
}

// beta x input + alpha x product, `input` already of the product's shape. As BLAS, 0 x input is 0 whatever it
// is.
void AddScaled(at::Tensor* product, const at::Tensor& input, double beta, double alpha) {
  if (alpha != 1) product->mul_(alpha);
  if (beta != 0) product->add_(input, beta);
}

// Rows of the result one tile after the other; b, which fits into a tile, is widened once.
void ByRows(const at::Tensor& a, const at::Tensor& b, const at::Tensor& input, double beta, double alpha,
            const at::Tensor& result) {
  Memory& memory = Mine();
  const at::Tensor wide = memory.b.Wide(b);
  const int64_t rows = a.size(0), tile = TileOf(rows, std::max(a.size(1), b.size(1)));
  for (int64_t row = 0; row < rows; row += tile) {
    const int64_t end = std::min(row + tile, rows);
    at::Tensor product = memory.product.Of({end - row, b.size(1)});
    at::cpu::mm_out(product, memory.a.Wide(a.slice(0, row, end)), wide);
    if (input.defined()) AddScaled(&product, input.slice(0, row, end), beta, alpha);
    result.slice(0, row, end).copy_(product);
  }
}

// Sums over tiles of the inner dimension, where that is long and the result small: gradients of weights.
void ByTerms(const at::Tensor& a, const at::Tensor& b, const at::Tensor& input, double beta, double alpha,
             const at::Tensor& result) {
  const int64_t terms = a.size(1), tile = TileOf(terms, std::max(a.size(0), b.size(1)));
  Memory& memory = Mine();
  at::Tensor sum = memory.product.Of({a.size(0), b.size(1)});
  for (int64_t term = 0; term < terms; term += tile) {
    const int64_t end = std::min(term + tile, terms);
    at::cpu::addmm_(sum, memory.a.Wide(a.slice(1, term, end)), memory.b.Wide(b.slice(0, term, end)),
                    /*beta=*/term == 0 ? 0 : 1);
  }
  if (input.defined()) AddScaled(&sum, input, beta, alpha);
  result.copy_(sum);
}

at::Tensor Product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& input, double beta,
                   double alpha) {
  TORCH_CHECK(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(0), "products of ", a.sizes(), " and ",
              b.sizes());
  at::Tensor result = at::empty({a.size(0), b.size(1)}, a.options());
  if (result.numel() == 0 || a.size(1) == 0)
    return input.defined() ? result.copy_(at::zeros_like(result).add_(input, beta)) : result.zero_();
  const bool by_terms = a.size(1) > a.size(0);
  const int64_t columns = b.size(1), tile = TileOf(columns, by_terms ? a.size(0) : a.size(1));
  for (int64_t column = 0; column < columns; column += tile) {
    const int64_t end = std::min(column + tile, columns);
    const at::Tensor added = input.defined() ? input.slice(1, column, end) : input;
    (by_terms ? ByTerms : ByRows)(a, b.slice(1, column, end), added, beta, alpha,
                                  result.slice(1, column, end));
  }
  return result;
}

at::Tensor ProductOfEach(const at::Tensor& a, const at::Tensor& b, const at::Tensor& input, double beta,
                         double alpha) {
  TORCH_CHECK(a.dim() == 3 && b.dim() == 3 && a.size(0) == b.size(0) && a.size(2) == b.size(1),
              "products of ", a.sizes(), " and ", b.sizes());
  at::Tensor result = at::empty({a.size(0), a.size(1), b.size(2)}, a.options());
  const int64_t count = a.size(0);
  const int64_t largest = std::max({a.size(1) * a.size(2), b.size(1) * b.size(2), a.size(1) * b.size(2)});
  const int64_t tile = TileOf(std::max<int64_t>(count, 1), largest);
  Memory& memory = Mine();
  for (int64_t first = 0; first < count; first += tile) {
    const int64_t end = std::min(first + tile, count);
    at::Tensor product = memory.product.Of({end - first, a.size(1), b.size(2)});
    at::cpu::bmm_out(product, memory.a.Wide(a.slice(0, first, end)), memory.b.Wide(b.slice(0, first, end)));
    if (input.defined()) AddScaled(&product, input.slice(0, first, end), beta, alpha);
    result.slice(0, first, end).copy_(product);
  }
  return result;
}

}  // namespace

at::Tensor Mm(const at::Tensor& a, const at::Tensor& b) { return Product(a, b, /*input=*/{}, 0, 1); }

at::Tensor Bmm(const at::Tensor& a, const at::Tensor& b) { return ProductOfEach(a, b, /*input=*/{}, 0, 1); }

at::Tensor Addmm(const at::Tensor& input, const at::Tensor& a, const at::Tensor& b, double beta,
                 double alpha) {
  return Product(a, b, input.expand({a.size(0), b.size(1)}), beta, alpha);
}

at::Tensor Baddbmm(const at::Tensor& input, const at::Tensor& a, const at::Tensor& b, double beta,
                   double alpha) {
  return ProductOfEach(a, b, input.expand({a.size(0), a.size(1), b.size(2)}), beta, alpha);
}

}  // namespace optfleet::trainer::wide
