
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "trainer_core/products/matrix_products.h"
#include "trainer_core/products/wide_products.h"

namespace optfleet::trainer {
namespace {

at::Tensor Narrow(at::IntArrayRef sizes) { return at::randn(sizes).to(at::kBFloat16); }

// Sums in fp32 round to the same bf16 as exact ones, but for the few that lie in the middle.
void ExpectRounded(const at::Tensor& found, const at::Tensor& exact) {
  ASSERT_EQ(found.scalar_type(), at::kBFloat16);
  ASSERT_EQ(found.sizes(), exact.sizes());
  const at::Tensor right = exact.to(at::kFloat).to(at::kBFloat16);
  EXPECT_LT(found.ne(right).sum().item<int64_t>(), 1 + exact.numel() / 200);
  const double most = exact.abs().max().item<double>();
  EXPECT_LT((found.to(at::kDouble) - exact).abs().max().item<double>(), most / 128);
}

at::Tensor Exact(const at::Tensor& a, const at::Tensor& b) {
  return at::matmul(a.to(at::kDouble), b.to(at::kDouble));
}

class WideProducts : public testing::Test {
 protected:
  void SetUp() override { at::manual_seed(3); }
};

// Tiles of rows, of terms and of columns, and one tile for all.
TEST_F(WideProducts, OfMatricesAreRoundedOnce) {
  for (const auto& [rows, terms, columns] : {std::array<int64_t, 3>{5, 7, 3},
                                             {4096, 300, 65},
                                             {65, 40000, 30},
                                             {70, 60, 40000},
                                             {20, 60, 60000},
                                             {1, 1, 1}}) {
    const at::Tensor a = Narrow({rows, terms}), b = Narrow({terms, columns}), input = Narrow({columns});
    ExpectRounded(wide::Mm(a, b), Exact(a, b));
    ExpectRounded(wide::Addmm(input, a, b, 2, 0.5), Exact(a, b) * 0.5 + input.to(at::kDouble) * 2);
  }
}

TEST_F(WideProducts, TakeTransposedAndSlicedFactors) {
  const at::Tensor a = Narrow({70, 50}).t(), b = Narrow({40, 90}).slice(1, 10, 80).t();
  ExpectRounded(wide::Mm(a, b), Exact(a, b));
  const at::Tensor heads = Narrow({6, 20, 3, 8}).permute({2, 0, 1, 3}).select(0, 1);
  ExpectRounded(wide::Bmm(heads, heads.transpose(1, 2)), Exact(heads, heads.transpose(1, 2)));
}

TEST_F(WideProducts, OfManyMatricesTakeAMask) {
  const at::Tensor a = Narrow({40, 200, 16}), b = Narrow({40, 16, 200});
  ExpectRounded(wide::Bmm(a, b), Exact(a, b));
  const double hidden = -std::numeric_limits<double>::infinity();
  const at::Tensor mask = at::full({200, 200}, hidden, at::kBFloat16).triu(1);
  const at::Tensor found = wide::Baddbmm(mask.unsqueeze(0).expand({40, 200, 200}), a, b, 1, 0.25);
  EXPECT_TRUE(found.isinf().equal(mask.isinf().expand({40, 200, 200})));
  ExpectRounded(found.tril(), (Exact(a, b) * 0.25).tril());
}

TEST_F(WideProducts, OfNothingAreNothing) {
  EXPECT_EQ(wide::Mm(Narrow({0, 4}), Narrow({4, 3})).numel(), 0);
  EXPECT_EQ(wide::Mm(Narrow({2, 0}), Narrow({0, 3})).abs().sum().item<double>(), 0);
  EXPECT_EQ(wide::Bmm(Narrow({0, 4, 2}), Narrow({0, 2, 4})).numel(), 0);
  EXPECT_EQ(
      wide::Addmm(at::ones({3}, at::kBFloat16), Narrow({2, 0}), Narrow({0, 3}), 2, 1).sum().item<double>(),
      12);
  EXPECT_THROW(wide::Mm(Narrow({2, 3}), Narrow({4, 2})), c10::Error);
}

// What a program sees: the same bits through at::linear and its backward pass. On a CPU with kernels of its
// own nothing is replaced, and both round the same sums.
TEST_F(WideProducts, StandInForLibTorchs) {
  UseChosenProducts();
  const at::Tensor x = Narrow({30, 40}).requires_grad_(), weight = Narrow({50, 40}).requires_grad_();
  const at::Tensor bias = Narrow({50});
  const at::Tensor result = at::linear(x, weight, bias);
  ExpectRounded(result.detach(), Exact(x.detach(), weight.detach().t()) + bias.to(at::kDouble));
  if (LacksBf16Products()) {
    EXPECT_TRUE(result.equal(wide::Addmm(bias, x, weight.t(), 1, 1)));
  }
  const at::Tensor slope = Narrow({30, 50});
  result.backward(slope);
  ExpectRounded(weight.grad(), Exact(slope.t(), x.detach()));
  ExpectRounded(x.grad(), Exact(slope, weight.detach()));
}

// Sizes and layouts on both sides of what one of the kernels takes.
TEST(ChosenProducts, OfFp32AreThose) {
  UseChosenProducts();
  at::manual_seed(4);
  for (const auto& [rows, terms, columns] :
       {std::array<int64_t, 3>{300, 256, 512}, {300, 512, 20}, {5, 256, 256}}) {
    const at::Tensor x = at::randn({rows, terms}).requires_grad_(),
                     weight = at::randn({columns, terms}).requires_grad_();
    const at::Tensor bias = at::randn({columns}), slope = at::randn({rows, columns});
    const at::Tensor result = at::linear(x, weight, bias);
    result.backward(slope);
    const auto off = [](const at::Tensor& found, const at::Tensor& exact) {
      return ((found - exact).abs().max() / exact.abs().max()).item<double>();
    };
    EXPECT_LT(off(result.detach(), Exact(x.detach(), weight.detach().t()) + bias), 1e-6);
    EXPECT_LT(off(weight.grad(), Exact(slope.t(), x.detach())), 1e-6);
    EXPECT_LT(off(x.grad(), Exact(slope, weight.detach())), 1e-6);
    EXPECT_LT(off(at::addmm(bias, x.detach(), weight.detach().t(), 2, 3),
                  Exact(x.detach(), weight.detach().t()) * 3 + bias * 2),
              1e-6);
  }
}

}  // namespace
}  // namespace optfleet::trainer
