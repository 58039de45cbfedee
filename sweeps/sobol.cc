#include "sweeps/sobol.h"

#include <array>
#include <cstddef>

namespace optfleet::sweeps {
namespace {

constexpr int kBits = 32;

// A primitive polynomial over two elements (its degree, and its inner coefficients as bits) and the first
// direction numbers.
struct Polynomial {
  int degree;
  uint32_t inner;
  std::array<uint32_t, 7> first;
};

// Dimensions 2 to 21; the first one needs none.
constexpr std::array<Polynomial, kMostSobolDimensions - 1> kPolynomials{{
    {1, 0, {1}},
    {2, 1, {1, 3}},
    {3, 1, {1, 3, 1}},
    {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}},
    {4, 4, {1, 3, 5, 13}},
    {5, 2, {1, 1, 5, 5, 17}},
    {5, 4, {1, 1, 5, 5, 5}},
    {5, 7, {1, 1, 7, 11, 19}},
    {5, 11, {1, 1, 5, 1, 1}},
    {5, 13, {1, 1, 1, 3, 11}},
    {5, 14, {1, 3, 5, 5, 31}},
    {6, 1, {1, 3, 3, 9, 7, 49}},
    {6, 13, {1, 1, 1, 15, 21, 21}},
    {6, 16, {1, 3, 1, 13, 27, 49}},
    {6, 19, {1, 1, 1, 15, 7, 5}},
    {6, 22, {1, 3, 1, 15, 13, 25}},
    {6, 25, {1, 1, 5, 5, 19, 61}},
    {7, 1, {1, 3, 7, 11, 23, 15, 103}},
    {7, 4, {1, 3, 7, 13, 13, 15, 69}},
}};

using Directions = std::array<uint32_t, kBits>;

Directions DirectionsOf(int dimension) {
  Directions directions{};
  if (dimension == 0) {
    for (int i = 0; i < kBits; ++i) directions[static_cast<size_t>(i)] = uint32_t{1} << (kBits - 1 - i);
    return directions;
  }
  const Polynomial& polynomial = kPolynomials[static_cast<size_t>(dimension) - 1];
  const auto degree = static_cast<size_t>(polynomial.degree);
  for (size_t i = 0; i < directions.size(); ++i) {
    if (i < degree) {
      directions[i] = polynomial.first[i] << (kBits - 1 - i);
      continue;
    }
    directions[i] = directions[i - degree] ^ (directions[i - degree] >> degree);
    for (size_t k = 1; k < degree; ++k)
      if ((polynomial.inner >> (degree - 1 - k) & 1) != 0) directions[i] ^= directions[i - k];
  }
  return directions;
}

std::array<Directions, kMostSobolDimensions> AllDirections() {
  std::array<Directions, kMostSobolDimensions> all{};
  for (int dimension = 0; dimension < kMostSobolDimensions; ++dimension)
    all[static_cast<size_t>(dimension)] = DirectionsOf(dimension);
  return all;
}

}  // namespace

uint32_t Sobol(uint32_t index, int dimension) {
  static const auto kDirections = AllDirections();
  const Directions& directions = kDirections[static_cast<size_t>(dimension)];
  uint32_t value = 0;
  size_t bit = 0;
  for (uint32_t gray = index ^ (index >> 1); gray != 0; gray >>= 1, ++bit)
    if ((gray & 1) != 0) value ^= directions[bit];
  return value;
}

}  // namespace optfleet::sweeps
