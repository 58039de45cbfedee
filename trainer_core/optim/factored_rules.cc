// Rules whose second moment is shared: Adafactor of the paper, and Adafactor and Adalayer of seed studies,
// which are Adam with a second moment of rank one, of rows, or of whole tensors (arXiv 2407.07972).
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <mutex>

#include "trainer_core/optim/element_kernels.h"
#include "trainer_core/optim/factored_on_device.h"
#include "trainer_core/rules/factored.h"

namespace optfleet::trainer {
namespace {

using rules::Matrix;
using spec::OptimizerKind;
using spec::OptimizerSpec;

size_t S(int64_t x) { return static_cast<size_t>(x); }

Matrix MatrixOf(const Item& item) {
  const int64_t rows = item.what.shape.front();
  return {rows, item.count() / rows};
}

// Ages a statistic: held <- held + fresh (value - held).
void Age(float* held, double value, double fresh) {
  *held = F(static_cast<double>(*held) + fresh * (value - static_cast<double>(*held)));
}

double Mean(const float* values, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(values[i]);
  return sum / static_cast<double>(count);
}

// Sums of squares of the gradient along rows and columns.
struct Sums {
  std::vector<double> rows, columns;
};

Sums SumGradient(const Item& item, const rules::GradientTransform& transform, bool with_columns) {
  const Matrix shape = MatrixOf(item);
  Sums sums{std::vector<double>(S(shape.rows)), std::vector<double>(with_columns ? S(shape.columns) : 0)};
  std::vector<std::pair<int64_t, std::vector<double>>> parts;
  std::mutex mutex;
  InPieces(item.count(), shape.columns, [&](int64_t begin, int64_t size) {
    const Matrix part{size / shape.columns, shape.columns};
    rules::SumSquaresOfRows(item.gradients() + begin, part, transform, &sums.rows[S(begin / shape.columns)]);
    if (!with_columns) return;
    std::vector<double> columns(S(shape.columns));
    rules::AddSquaresOfColumns(item.gradients() + begin, part, transform, columns.data());
    const std::lock_guard lock(mutex);
    parts.emplace_back(begin, std::move(columns));
  });
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [begin, columns] : parts) {
    for (size_t b = 0; b < columns.size(); ++b) sums.columns[b] += columns[b];
  }
  return sums;
}

// Adam's first moment over a shared root of the second moment. States: first moment, then the shared ones.
class SharedMomentRule : public Rule {
 public:
  explicit SharedMomentRule(const OptimizerSpec& spec) : spec_(spec) {}

  void Step(const RuleStep& step, std::vector<Item>& items) override {
    for (Item& item : items) {
      if (step.on_device)
        StepSharedMomentOnDevice(Kernel(step), {Fresh(step), MomentCorrection(step)}, step, item);
      else
        StepOne(step, item);
    }
  }

 protected:
  virtual void StepOne(const RuleStep& step, Item& item) const = 0;

  rules::FactoredMomentum Kernel(const RuleStep& step) const {
    return {F(step.rate / Correction(spec_.beta1, step.updates)), F(step.shrink), F(1 - spec_.beta1),
            F(spec_.epsilon)};
  }
  virtual double MomentCorrection(const RuleStep& step) const {
    return Correction(spec_.beta2, step.updates);
  }
  // sqrt(v / (1 - beta2^t))
  double Root(double moment, const RuleStep& step) const {
    return std::sqrt(moment / MomentCorrection(step));
  }
  // The share of this step in the second moment.
  virtual double Fresh(const RuleStep&) const { return 1 - spec_.beta2; }

  // One second moment for a stretch of the tensor.
  void StepStretch(const RuleStep& step, Item& item, int64_t first, int64_t count, float* moment) const {
    const auto kernel = Kernel(step);
    const double sum = SumOverPieces(count, 1, [&](int64_t begin, int64_t size) {
      double part = 0;
      rules::SumSquaresOfRows(item.gradients() + first + begin, {1, size}, step.transform, &part);
      return part;
    });
    Age(moment, sum / static_cast<double>(count), Fresh(step));
    const float root = F(Root(static_cast<double>(*moment), step));
    InPieces(count, 1, [&](int64_t begin, int64_t size) {
      rules::Update(kernel, step.transform, {1, size}, &root, nullptr, item.weights() + first + begin,
                    item.gradients() + first + begin, item.state(0) + first + begin);
    });
  }

  // One for each part that has a second moment of its own.
  void StepParts(const RuleStep& step, Item& item) const {
    const int64_t parts = item.states[1].numel();
    const int64_t count = item.count() / parts;
    for (int64_t part = 0; part < parts; ++part)
      StepStretch(step, item, part * count, count, item.state(1) + part);
  }

  // One second moment for each row. Each row is read once: its sum and its step come one after the other.
  void StepRows(const RuleStep& step, Item& item) const {
    const auto kernel = Kernel(step);
    const Matrix shape = MatrixOf(item);
    InPieces(item.count(), shape.columns, [&](int64_t begin, int64_t size) {
      const Matrix part{size / shape.columns, shape.columns};
      const int64_t row = begin / shape.columns;
      std::vector<double> sums(S(part.rows));
      std::vector<float> roots(S(part.rows));
      rules::SumSquaresOfRows(item.gradients() + begin, part, step.transform, sums.data());
      for (int64_t a = 0; a < part.rows; ++a) {
        float* moment = item.state(1) + row + a;
        Age(moment, sums[S(a)] / static_cast<double>(shape.columns), Fresh(step));
        roots[S(a)] = F(Root(static_cast<double>(*moment), step));
      }
      rules::Update(kernel, step.transform, part, roots.data(), nullptr, item.weights() + begin,
                    item.gradients() + begin, item.state(0) + begin);
    });
  }

  const OptimizerSpec spec_;
};

// Seed 4's adafactorw: the second moment is rows x columns / mean; of vectors it is one number.
class AdafactorMomentum final : public SharedMomentRule {
 public:
  using SharedMomentRule::SharedMomentRule;

 private:
  void StepOne(const RuleStep& step, Item& item) const override {
    if (item.what.shape.size() < 2) return StepStretch(step, item, 0, item.count(), item.state(1));
    if (spec_.rows_only) return StepRows(step, item);
    const Matrix shape = MatrixOf(item);
    const Sums sums = SumGradient(item, step.transform, /*with_columns=*/true);
    float *rows = item.state(1), *columns = item.state(2);
    for (int64_t a = 0; a < shape.rows; ++a)
      Age(rows + a, sums.rows[S(a)] / static_cast<double>(shape.columns), 1 - spec_.beta2);
    for (int64_t b = 0; b < shape.columns; ++b)
      Age(columns + b, sums.columns[S(b)] / static_cast<double>(shape.rows), 1 - spec_.beta2);
    const double mean = Mean(rows, shape.rows);
    std::vector<float> row_roots(S(shape.rows)), column_roots(S(shape.columns));
    for (int64_t a = 0; a < shape.rows; ++a)
      row_roots[S(a)] = mean > 0 ? F(std::sqrt(static_cast<double>(rows[a]) / mean)) : 0.0f;
    for (int64_t b = 0; b < shape.columns; ++b)
      column_roots[S(b)] = F(Root(static_cast<double>(columns[b]), step));
    const auto kernel = Kernel(step);
    InPieces(item.count(), shape.columns, [&](int64_t begin, int64_t size) {
      rules::Update(kernel, step.transform, {size / shape.columns, shape.columns},
                    &row_roots[S(begin / shape.columns)], column_roots.data(), item.weights() + begin,
                    item.gradients() + begin, item.state(0) + begin);
    });
  }
};

// Seed 4's adalayerw: one second moment for a tensor, or for each of a fused projection's three parts.
class Adalayer final : public SharedMomentRule {
 public:
  using SharedMomentRule::SharedMomentRule;

 private:
  void StepOne(const RuleStep& step, Item& item) const override { StepParts(step, item); }
};

// Seed 4's adalayerw with t_freeze: up to the freeze's end v is the sum of mean squares / (t + 1). Afterwards
// it stays (frozen), or goes on as in adalayer (primed). Nowhere is it corrected. Rows in the output matrix.
class MeasuredAdalayer final : public SharedMomentRule {
 public:
  MeasuredAdalayer(const OptimizerSpec& spec, bool goes_on) : SharedMomentRule(spec), goes_on_(goes_on) {}

 private:
  double MomentCorrection(const RuleStep&) const override { return 1; }
  double Fresh(const RuleStep& step) const override {
    if (step.updates <= step.freeze) return 1 / static_cast<double>(step.updates + 1);
    return goes_on_ ? SharedMomentRule::Fresh(step) : 0;
  }
  void StepOne(const RuleStep& step, Item& item) const override {
    if (item.what.group == spec::ParameterGroup::kOutput && item.what.shape.size() >= 2)
      return StepRows(step, item);
    StepParts(step, item);
  }

  const bool goes_on_;
};

class AdalayerRows final : public SharedMomentRule {
 public:
  using SharedMomentRule::SharedMomentRule;

 private:
  void StepOne(const RuleStep& step, Item& item) const override {
    if (item.what.shape.size() < 2) return StepStretch(step, item, 0, item.count(), item.state(1));
    StepRows(step, item);
  }
};

// The paper's rule (arXiv 1804.04235), as torch.optim.Adafactor: no momentum, steps relative to the weights.
class Adafactor final : public Rule {
 public:
  explicit Adafactor(const OptimizerSpec& spec) : spec_(spec) {}

  void Step(const RuleStep& step, std::vector<Item>& items) override {
    for (Item& item : items) {
      if (step.on_device)
        StepAdafactorOnDevice(spec_, Fresh(step), step, item);
      else if (item.what.shape.size() < 2)
        StepVector(step, item);
      else
        StepMatrix(step, item);
    }
  }

 private:
  static constexpr double kEpsilon =
      std::numeric_limits<float>::epsilon();  // the paper's eps1, as torch has it

  double Fresh(const RuleStep& step) const {
    return std::pow(static_cast<double>(step.updates), -spec_.decay_rate);
  }

  // Step size over the clipped update; `squares` is the sum of u^2.
  float Size(const RuleStep& step, const Item& item, double squares) const {
    const double count = static_cast<double>(item.count());
    const double weights = SumOverPieces(item.count(), 1, [&](int64_t begin, int64_t size) {
      return rules::SumSquares(item.weights() + begin, size);
    });
    const double relative = std::max(spec_.epsilon_scale, std::sqrt(weights / count));
    const double rate = std::min(step.rate, 1 / std::sqrt(static_cast<double>(step.updates)));
    const double clip = std::max(1.0, std::sqrt(squares / count) / spec_.clip_threshold);
    return F(relative * rate / clip);
  }

  void StepVector(const RuleStep& step, Item& item) const {
    const int64_t count = item.count();
    std::vector<float> update(S(count));
    double squares = 0;
    for (int64_t i = 0; i < count; ++i) {
      const double g = static_cast<double>(step.transform(item.gradients()[i]));
      Age(item.state(0) + i, g * g, Fresh(step));
      const double moment = std::max(static_cast<double>(item.state(0)[i]), kEpsilon * kEpsilon);
      update[S(i)] = F(g / std::sqrt(moment));
      squares += static_cast<double>(update[S(i)]) * static_cast<double>(update[S(i)]);
    }
    const float size = Size(step, item, squares);
    for (int64_t i = 0; i < count; ++i)
      item.weights()[i] -= F(step.shrink) * item.weights()[i] + size * update[S(i)];
  }

  void StepMatrix(const RuleStep& step, Item& item) const {
    const Matrix shape = MatrixOf(item);
    const Sums sums = SumGradient(item, step.transform, /*with_columns=*/true);
    float *rows = item.state(0), *columns = item.state(1);
    for (int64_t a = 0; a < shape.rows; ++a)
      Age(rows + a, sums.rows[S(a)] / static_cast<double>(shape.columns), Fresh(step));
    for (int64_t b = 0; b < shape.columns; ++b)
      Age(columns + b, sums.columns[S(b)] / static_cast<double>(shape.rows), Fresh(step));
    const double mean = std::max(Mean(rows, shape.rows), kEpsilon);
    std::vector<float> row(S(shape.rows)), column(S(shape.columns));
    for (int64_t a = 0; a < shape.rows; ++a) row[S(a)] = F(std::sqrt(mean / static_cast<double>(rows[a])));
    for (int64_t b = 0; b < shape.columns; ++b)
      column[S(b)] = F(1 / std::sqrt(static_cast<double>(columns[b])));
    const double squares = SumOverPieces(item.count(), shape.columns, [&](int64_t begin, int64_t size) {
      return rules::SumSquaresOfUpdate(step.transform, {size / shape.columns, shape.columns},
                                       &row[S(begin / shape.columns)], column.data(),
                                       item.gradients() + begin);
    });
    const float size_of_step = Size(step, item, squares);
    InPieces(item.count(), shape.columns, [&](int64_t begin, int64_t size) {
      rules::ApplyUpdate(size_of_step, F(step.shrink), step.transform, {size / shape.columns, shape.columns},
                         &row[S(begin / shape.columns)], column.data(), item.weights() + begin,
                         item.gradients() + begin);
    });
  }

  const OptimizerSpec spec_;
};

}  // namespace

std::unique_ptr<Rule> MakeFactoredRule(OptimizerKind kind, const OptimizerSpec& spec) {
  switch (kind) {
    case OptimizerKind::kAdafactor:
      return std::make_unique<Adafactor>(spec);
    case OptimizerKind::kAdafactorMomentum:
      return std::make_unique<AdafactorMomentum>(spec);
    case OptimizerKind::kAdalayer:
      return std::make_unique<Adalayer>(spec);
    case OptimizerKind::kAdalayerRows:
      return std::make_unique<AdalayerRows>(spec);
    case OptimizerKind::kAdalayerFrozen:
      return std::make_unique<MeasuredAdalayer>(spec, /*goes_on=*/false);
    case OptimizerKind::kAdalayerPrimed:
      return std::make_unique<MeasuredAdalayer>(spec, /*goes_on=*/true);
    default:
      std::abort();  // a rule of another family
  }
}

}  // namespace optfleet::trainer
