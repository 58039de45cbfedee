// The tests of rules/cuda on the first CUDA device. Without one the program says so and ends with 77, which
// ctest counts as skipped.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <stdexcept>

#include "tests/trainer_core/rules/cuda_memory.h"

namespace optfleet::rules::cuda {
namespace {

void Check(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

}  // namespace

void* Allocate(size_t bytes) {
  void* memory = nullptr;
  Check(cudaMalloc(&memory, bytes > 0 ? bytes : 1));
  return memory;
}
void Free(void* memory) { cudaFree(memory); }
void CopyIn(const void* from, size_t bytes, void* to) {
  Check(cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice));
}
void CopyOut(const void* from, size_t bytes, void* to) {
  Check(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost));
}

}  // namespace optfleet::rules::cuda

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  int devices = 0;
  const cudaError_t found = cudaGetDeviceCount(&devices);
  if (found != cudaSuccess || devices == 0) {
    std::printf("skipped: no CUDA device here (%s)\n", cudaGetErrorString(found));
    return 77;
  }
  return RUN_ALL_TESTS();
}
