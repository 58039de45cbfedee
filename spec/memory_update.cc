#include "spec/memory_update.h"

#include <algorithm>

#include "spec/optimizer_state.h"
#include "spec/parameters.h"

namespace optfleet::spec {
namespace {

struct Matrix {
  int64_t rows, columns, parts;
  int64_t count() const { return rows * columns; }
};

// Muon (trainer_core/optim/matrix_rules.cc): the clipped gradient and the looked-ahead update of the whole;
// then of a part (a third of a fused projection) either x, the next x and two squares of the shorter side, or
// at the end the direction, two terms of the step and their sum.
int64_t Muon(const Matrix& matrix) {
  const int64_t part = matrix.count() / matrix.parts;
  const int64_t side = std::min(matrix.rows / matrix.parts, matrix.columns);
  return 4 * (2 * matrix.count() + std::max(2 * part + 2 * side * side, 4 * part));
}

// SOAP: in the first step the eigenvectors of one side with LAPACK's work space of 2 n^2, later the turned
// gradient, the update and its terms, or a QR decomposition of four squares.
int64_t Soap(const Matrix& matrix, int64_t longest) {
  int64_t most = 4 * matrix.count();
  for (const int64_t side : {matrix.rows, matrix.columns}) {
    if (side <= longest) most = std::max(most, 5 * side * side);
  }
  return 4 * (matrix.count() + most);
}

}  // namespace

int64_t UpdateTemporaries(const TrainingSpec& spec) {
  ModelSpec model = spec.model;
  model.layers = 1;  // all blocks are alike
  int64_t most = 0;
  for (const Parameter& parameter : Parameters(model)) {
    if (parameter.shape.size() != 2) continue;
    const bool split = spec.optimizer.split_qkv && IsFusedProjection(parameter);
    const Matrix matrix{parameter.shape[0], parameter.shape[1], split ? 3 : 1};
    const OptimizerKind kind = spec.optimizer.KindOf(parameter.group);
    if (kind == OptimizerKind::kMuon) most = std::max(most, Muon(matrix));
    if (kind == OptimizerKind::kSoap)
      most = std::max(most, Soap(matrix, spec.optimizer.max_precondition_dim));
  }
  return most;
}

}  // namespace optfleet::spec
