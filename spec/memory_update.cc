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
int64_t Muon(const Matrix& matrix, const OptimizerSpec& options) {
  const int64_t element = options.muon_precision == MuonPrecision::kBf16 ? 2 : 4;
  const int64_t part = matrix.count() / matrix.parts;
  const int64_t side = std::min(matrix.rows / matrix.parts, matrix.columns);
  const int64_t iterating = (2 * part + 2 * side * side) * element;
  const int64_t ending = 2 * part * element + 2 * part * 4;
  return 2 * matrix.count() * 4 + std::max(iterating, ending);
}

// SOAP: the gradient; in the first step the eigenvectors of one side with LAPACK's work space of 2 n^2, later
// the turned gradient, the update and its terms, or a QR decomposition of four squares.
int64_t Soap(const Matrix& matrix, const OptimizerSpec& options) {
  int64_t most = 4 * matrix.count();
  for (const int64_t side : {matrix.rows, matrix.columns}) {
    if (side <= options.max_precondition_dim) most = std::max(most, 5 * side * side);
  }
  return 4 * (matrix.count() + most);
}

bool IsFactored(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::kAdafactor:
    case OptimizerKind::kAdafactorMomentum:
    case OptimizerKind::kAdalayer:
    case OptimizerKind::kAdalayerRows:
    case OptimizerKind::kAdalayerFrozen:
    case OptimizerKind::kAdalayerPrimed:
      return true;
    default:
      return false;
  }
}

int64_t Temporaries(const TrainingSpec& spec, const Parameter& parameter, bool on_gpu) {
  const OptimizerKind kind = spec.optimizer.KindOf(parameter.group);
  const bool of_matrix = kind == OptimizerKind::kMuon || kind == OptimizerKind::kSoap;
  int64_t bytes = 0;
  if (of_matrix && parameter.shape.size() == 2) {
    const bool split = spec.optimizer.split_qkv && IsFusedProjection(parameter);
    const Matrix matrix{parameter.shape[0], parameter.shape[1], split ? 3 : 1};
    bytes = kind == OptimizerKind::kMuon ? Muon(matrix, spec.optimizer) : Soap(matrix, spec.optimizer);
  }
  if (!on_gpu || !(of_matrix || IsFactored(kind))) return bytes;
  bytes += 3 * parameter.count() * 4;  // the weight, and the gradient before and after zeros are chosen
  for (const StateTensor& tensor : StateOf(kind, spec, parameter)) bytes += tensor.bytes();
  if (IsFactored(kind)) bytes += 2 * parameter.count() * 8;  // squares, in fp64
  return bytes;
}

}  // namespace

int64_t UpdateTemporaries(const TrainingSpec& spec, MemoryDevice device) {
  ModelSpec model = spec.model;
  model.layers = 1;  // all blocks are alike
  int64_t most = 0;
  for (const Parameter& parameter : Parameters(model))
    most = std::max(most, Temporaries(spec, parameter, device == MemoryDevice::kCuda));
  return most;
}

}  // namespace optfleet::spec
