#include "trainer_core/diagnostics/sums.h"

#include <ATen/ATen.h>

#include "trainer_core/optim/rule.h"
#include "trainer_core/rules/factored.h"

namespace optfleet::trainer {

at::Tensor Flat(const at::Tensor& tensor) { return tensor.detach().reshape({-1}); }

at::Tensor Part(const at::Tensor& flat, int64_t begin, int64_t size) {
  return flat.slice(0, begin, begin + size).to(at::kFloat);  // of fp32: no copy
}

at::Tensor SumOfSquares(const at::Tensor& like, const PieceOf& piece) {
  const int64_t count = like.numel();
  if (!like.is_cpu()) return at::linalg_vector_norm(piece(0, count)).to(at::kDouble).square();
  const double sum = SumOverPieces(count, 1, [&](int64_t begin, int64_t size) {
    const at::Tensor values = piece(begin, size).contiguous();
    return rules::SumSquares(values.const_data_ptr<float>(), size);
  });
  return at::scalar_tensor(sum, at::kDouble);
}

at::Tensor SumOf(const at::Tensor& like, const PieceOf& piece) {
  const int64_t count = like.numel();
  if (!like.is_cpu()) return piece(0, count).sum().to(at::kDouble);
  const double sum = SumOverPieces(
      count, 1, [&](int64_t begin, int64_t size) { return piece(begin, size).sum().item<double>(); });
  return at::scalar_tensor(sum, at::kDouble);
}

at::Tensor SumOfSquares(const at::Tensor& tensor) {
  const at::Tensor flat = Flat(tensor);
  return SumOfSquares(flat, [&flat](int64_t begin, int64_t size) { return Part(flat, begin, size); });
}

at::Tensor Dot(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor left = Flat(a), right = Flat(b);
  return SumOf(
      left, [&](int64_t begin, int64_t size) { return Part(left, begin, size) * Part(right, begin, size); });
}

at::Tensor SumOfSquaredDifference(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor left = Flat(a), right = Flat(b);
  return SumOfSquares(
      left, [&](int64_t begin, int64_t size) { return Part(left, begin, size) - Part(right, begin, size); });
}

}  // namespace optfleet::trainer
