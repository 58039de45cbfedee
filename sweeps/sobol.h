// Points that fill a cube evenly: the Sobol sequence in Gray-code order, with the direction numbers of S. Joe
// and F. Y. Kuo (new-joe-kuo-6, SIAM J. Sci. Comput. 30, 2008), as SciPy and PyTorch have it. Pure.
#pragma once

#include <cstdint>

namespace optfleet::sweeps {

inline constexpr int kMostSobolDimensions = 21;

// Coordinate `dimension` (from 0) of point `index` (from 0, which is the origin), as parts of 2^32. A prefix
// of 2^k points has one in each of 2^k equal slices of every coordinate.
uint32_t Sobol(uint32_t index, int dimension);

}  // namespace optfleet::sweeps
