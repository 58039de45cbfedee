// Rules whose second moment is shared by rows, columns or a whole tensor: Adafactor, Adalayer and their
// row-wise forms. The pieces of a step; which statistic a rule shares, and how it ages, is its caller's
// business.
//
// A tensor is a matrix of `rows` x `columns` in row-major order, or part of one. Sums are fp64 in an order
// that depends on the shape alone, so neither threads nor instruction sets change a bit. No Torch here. Any
// thread; pure apart from the arrays.
#pragma once

#include <cstdint>

#include "trainer_core/rules/element.h"

namespace optfleet::rules {

struct Matrix {
  int64_t rows = 0;
  int64_t columns = 0;
};

// row_sums[a] = sum over b of transform(g)_ab^2. `row_sums` is written.
void SumSquaresOfRows(const float* gradient, Matrix shape, const GradientTransform& transform,
                      double* row_sums);

// column_sums[b] += sum over a of transform(g)_ab^2, rows in order.
void AddSquaresOfColumns(const float* gradient, Matrix shape, const GradientTransform& transform,
                         double* column_sums);

// Momentum over a factored root of the second moment (seed 4's adafactorw and adalayerw):
//   m <- m + fresh1 (g - m);   w <- w - shrink w - step m / (row[a] column[b] + epsilon)
// `row` and `column` are roots with every correction in them; a null `column` stands for ones.
struct FactoredMomentum {
  float step, shrink, fresh1, epsilon;
};
void Update(const FactoredMomentum& rule, const GradientTransform& transform, Matrix shape, const float* row,
            const float* column, float* weight, const float* gradient, float* momentum);

// Adafactor of the paper (arXiv 1804.04235), as torch.optim.Adafactor: u = g row[a] column[b] with inverse
// roots, whose product is bounded by 1 / eps1 (and so a row of zeros never becomes 0 x infinity);
//   SumSquaresOfUpdate = sum of u^2, from which the caller clips;   w <- w - shrink w - step u.
inline constexpr float kLargestInverseRoot = 8388608.0f;  // 1 / FLT_EPSILON
double SumSquaresOfUpdate(const GradientTransform& transform, Matrix shape, const float* row,
                          const float* column, const float* gradient);
void ApplyUpdate(float step, float shrink, const GradientTransform& transform, Matrix shape, const float* row,
                 const float* column, float* weight, const float* gradient);

// Sum of x^2 over `count` elements.
double SumSquares(const float* x, int64_t count);

}  // namespace optfleet::rules
