#include "trainer_core/model/positions.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace optfleet::trainer {
namespace {

constexpr double kSinusoidBase = 10000;

// position / base^(2i / width), [length, width / 2], every operation in fp32 as in the packages.
at::Tensor Angles(int64_t length, int64_t width, double base) {
  const at::Tensor exponents = at::arange(0, width, 2, at::kFloat) / static_cast<double>(width);
  const at::Tensor frequencies = 1.0 / at::pow(at::scalar_tensor(base, at::kFloat), exponents);
  return at::arange(length, at::kFloat).unsqueeze(1) * frequencies.unsqueeze(0);
}

std::vector<double> SlopesOfPower(int64_t heads) {
  std::vector<double> slopes;
  for (int64_t k = 1; k <= heads; ++k)
    slopes.push_back(std::exp2(-8.0 * static_cast<double>(k) / static_cast<double>(heads)));
  return slopes;
}

}  // namespace

at::Tensor SinusoidalTable(int64_t length, int64_t width, const at::TensorOptions& form) {
  const at::Tensor angles = Angles(length, width, kSinusoidBase);
  return at::stack({angles.sin(), angles.cos()}, -1).view({length, width}).to(form);
}

RotaryTables MakeRotaryTables(int64_t length, int64_t head_width, double base, at::Device device) {
  const at::Tensor angles = Angles(length, head_width, base);
  return {angles.cos().to(device), angles.sin().to(device)};
}

at::Tensor Rotate(const at::Tensor& heads, const RotaryTables& tables) {
  const at::Tensor cosines = tables.cosines.slice(0, 0, heads.size(-2));
  const at::Tensor sines = tables.sines.slice(0, 0, heads.size(-2));
  const auto halves = heads.to(at::kFloat).chunk(2, -1);
  return at::cat({halves[0] * cosines - halves[1] * sines, halves[1] * cosines + halves[0] * sines}, -1)
      .to(heads.scalar_type());
}

std::vector<double> AlibiSlopes(int64_t heads) {
  int64_t power = 1;
  while (2 * power <= heads) power *= 2;
  std::vector<double> slopes = SlopesOfPower(power);
  const std::vector<double> finer = SlopesOfPower(2 * power);
  for (size_t i = 0; static_cast<int64_t>(slopes.size()) < heads; i += 2) slopes.push_back(finer[i]);
  return slopes;
}

at::Tensor AlibiMask(int64_t heads, int64_t length, const at::TensorOptions& form) {
  const at::Tensor places = at::arange(length, at::kFloat);
  const at::Tensor distance = places.unsqueeze(0) - places.unsqueeze(1);  // key - query
  const at::Tensor slopes = at::tensor(AlibiSlopes(heads), at::kFloat).view({heads, 1, 1});
  const at::Tensor bias = slopes * distance;
  return bias.masked_fill(distance > 0, -std::numeric_limits<double>::infinity()).to(form);
}

}  // namespace optfleet::trainer
