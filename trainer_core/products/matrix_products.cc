#include "trainer_core/products/matrix_products.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/addmm_cpu_dispatch.h>
#include <ATen/ops/baddbmm_cpu_dispatch.h>
#include <ATen/ops/bmm_cpu_dispatch.h>
#include <ATen/ops/mm_cpu_dispatch.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

#include <optional>
#include <string_view>

#include "trainer_core/products/wide_products.h"
#include "trainer_core/rules/update.h"

namespace optfleet::trainer {
namespace {

bool IsPlainAmd() {
#if defined(__x86_64__)
  return __builtin_cpu_is("amd") && rules::BestVectors() == rules::Vectors::kAvx2;
#else
  return false;
#endif
}

// Read once: a product must not ask the processor.
const bool kWidens = rules::BestVectors() != rules::Vectors::kAvx512;
const bool kHasOneDnn = IsPlainAmd();

bool AreNarrow(const at::Tensor& a, const at::Tensor& b) {
  return kWidens && a.scalar_type() == at::kBFloat16 && b.scalar_type() == at::kBFloat16;
}

// Measured for two threads: below, calling costs what is won; above, and of columns, MKL is level or better.
bool SuitsOneDnn(const at::Tensor& a, const at::Tensor& b) {
  constexpr int64_t kLeast = 256, kLargest = int64_t{1} << 22;
  return kHasOneDnn && a.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat && a.dim() == 2 &&
         b.dim() == 2 && a.stride(1) == 1 && a.size(0) >= kLeast && b.size(0) >= kLeast &&
         b.size(1) >= kLeast && b.numel() <= kLargest;
}

at::Tensor ByOneDnn(const at::Tensor& a, const at::Tensor& b, const std::optional<at::Tensor>& bias) {
  using Linear =
      at::Tensor(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                 std::string_view then, c10::List<std::optional<at::Scalar>> its_scalars,
                 std::optional<std::string_view> its_algorithm);
  static const auto linear =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<Linear>();
  return linear.call(a, b.t(), bias, "none", c10::List<std::optional<at::Scalar>>(), "");
}

at::Tensor Mm(const at::Tensor& a, const at::Tensor& b) {
  if (AreNarrow(a, b)) return wide::Mm(a, b);
  return SuitsOneDnn(a, b) ? ByOneDnn(a, b, std::nullopt) : at::cpu::mm(a, b);
}

at::Tensor Addmm(const at::Tensor& input, const at::Tensor& a, const at::Tensor& b, const at::Scalar& beta,
                 const at::Scalar& alpha) {
  if (AreNarrow(a, b) && input.scalar_type() == at::kBFloat16)
    return wide::Addmm(input, a, b, beta.toDouble(), alpha.toDouble());
  const bool plain = input.dim() == 1 && beta.toDouble() == 1 && alpha.toDouble() == 1;
  if (plain && input.scalar_type() == at::kFloat && SuitsOneDnn(a, b)) return ByOneDnn(a, b, input);
  return at::cpu::addmm(input, a, b, beta, alpha);
}

at::Tensor Bmm(const at::Tensor& a, const at::Tensor& b) {
  return AreNarrow(a, b) ? wide::Bmm(a, b) : at::cpu::bmm(a, b);
}

at::Tensor Baddbmm(const at::Tensor& input, const at::Tensor& a, const at::Tensor& b, const at::Scalar& beta,
                   const at::Scalar& alpha) {
  if (AreNarrow(a, b) && input.scalar_type() == at::kBFloat16)
    return wide::Baddbmm(input, a, b, beta.toDouble(), alpha.toDouble());
  return at::cpu::baddbmm(input, a, b, beta, alpha);
}

// The dispatcher warns of every kernel that is replaced; here that is what is wanted.
class Quiet final : public c10::WarningHandler {
 public:
  void process(const c10::Warning&) override {}
};

}  // namespace

bool LacksBf16Products() { return kWidens; }

void UseChosenProducts() {
  if (!kWidens && !kHasOneDnn) return;
  static const bool once = [] {
    Quiet quiet;
    const c10::WarningUtils::WarningHandlerGuard guard(&quiet);
    static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
    library.impl("mm", Mm);
    library.impl("addmm", Addmm);
    library.impl("bmm", Bmm);
    library.impl("baddbmm", Baddbmm);
    return true;
  }();
  (void)once;
}

}  // namespace optfleet::trainer
