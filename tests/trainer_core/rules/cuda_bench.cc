// How fast updates run on the first CUDA device: `cuda_rule_bench [STEPS]` prints a line of JSON for each
// rule, over the parameters of a transformer with 124 million. Bytes are those that a rule must read and
// write; share_of_copy compares with what the device's own copy moves.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <vector>

#include "tests/trainer_core/rules/every_rule.h"
#include "trainer_core/rules/cuda/update.h"

namespace optfleet::rules::cuda {
namespace {

constexpr int kWarmUp = 10;
constexpr int kBlock = 256;

void Check(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

// Zeros on the device, for as long as this lives.
class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() {
    for (void* block : blocks_) cudaFree(block);
  }

  template <class T>
  T* New(int64_t count) {
    const size_t bytes = static_cast<size_t>(count) * sizeof(T);
    void* block = nullptr;
    Check(cudaMalloc(&block, bytes));
    blocks_.push_back(block);
    Check(cudaMemset(block, 0, bytes));
    return static_cast<T*>(block);
  }

 private:
  std::vector<void*> blocks_;
};

// Median milliseconds of a piece of work, by the clock of the device.
double Milliseconds(int steps, const std::function<void()>& work) {
  for (int i = 0; i < kWarmUp; ++i) work();
  cudaEvent_t begin, end;
  Check(cudaEventCreate(&begin));
  Check(cudaEventCreate(&end));
  std::vector<float> times;
  for (int i = 0; i < steps; ++i) {
    Check(cudaEventRecord(begin, nullptr));
    work();
    Check(cudaEventRecord(end, nullptr));
    Check(cudaEventSynchronize(end));
    times.push_back(0);
    Check(cudaEventElapsedTime(&times.back(), begin, end));
  }
  Check(cudaEventDestroy(begin));
  Check(cudaEventDestroy(end));
  std::nth_element(times.begin(), times.begin() + steps / 2, times.end());
  return times[static_cast<size_t>(steps / 2)];
}

std::vector<int64_t> TransformerCounts() {
  constexpr int64_t kWidth = 768, kLayers = 12, kTokens = 50257, kPositions = 1024;
  std::vector<int64_t> counts{kTokens * kWidth, kPositions * kWidth, kWidth, kWidth};
  for (int64_t layer = 0; layer < kLayers; ++layer) {
    for (const int64_t outputs : {3 * kWidth, kWidth, 4 * kWidth})
      counts.insert(counts.end(), {outputs * kWidth, outputs});
    counts.insert(counts.end(), {4 * kWidth * kWidth, kWidth, kWidth, kWidth, kWidth, kWidth});
  }
  return counts;
}

struct Device {
  double copy_gb_per_s;
  int steps;
  std::vector<int64_t> counts;
  int64_t parameters = 0;
  DeviceGradient gradient;
};

void Print(const Device& device, const char* rule, double bytes_per_parameter, double milliseconds) {
  const double speed = bytes_per_parameter * static_cast<double>(device.parameters) / milliseconds / 1e6;
  std::printf(
      "{\"rule\":\"%s\",\"parameters\":%lld,\"ms_per_step\":%.4f,\"gb_per_s\":%.1f,\"share_of_copy\":%.3f}\n",
      rule, static_cast<long long>(device.parameters), milliseconds, speed, speed / device.copy_gb_per_s);
}

template <class Number, class Rule>
void Time(const Device& device, const char* name, const Rule& rule) {
  Memory memory;
  std::vector<Elements<Number, Number>> tensors;
  for (const int64_t count : device.counts) {
    Elements<Number, Number> elements{memory.New<Number>(count), memory.New<Number>(count), {}, count};
    for (int s = 0; s < Rule::kStates; ++s) elements.states[s] = memory.New<Number>(count);
    tensors.push_back(elements);
  }
  const double milliseconds = Milliseconds(device.steps, [&] {
    Update(rule, device.gradient, std::span<const Elements<Number, Number>>(tensors), nullptr);
  });
  Print(device, name, sizeof(Number) * (3.0 + 2 * Rule::kStates), milliseconds);
}

template <class Rule>
void TimeQuantised(const Device& device, const char* name, const Rule& rule, const CodeTables* tables) {
  Memory memory;
  std::vector<QuantisedElements> tensors;
  for (const int64_t count : device.counts) {
    const int64_t blocks = (count + kBlock - 1) / kBlock;
    const auto state = [&] { return QuantisedState{memory.New<uint8_t>(count), memory.New<float>(blocks)}; };
    tensors.push_back({memory.New<float>(count), memory.New<float>(count), state(), state(), count, kBlock});
  }
  const double milliseconds = Milliseconds(device.steps, [&] {
    Update(rule, device.gradient, std::span<const QuantisedElements>(tensors), tables, nullptr);
  });
  Print(device, name, 12 + 2.0 * Rule::kStates * (1 + 4.0 / kBlock), milliseconds);
}

double CopySpeed(int steps) {
  constexpr int64_t kBytes = 1 << 30;
  Memory memory;
  char* from = memory.New<char>(kBytes);
  char* to = memory.New<char>(kBytes);
  const double milliseconds = Milliseconds(
      steps, [&] { Check(cudaMemcpyAsync(to, from, kBytes, cudaMemcpyDeviceToDevice, nullptr)); });
  return 2.0 * kBytes / milliseconds / 1e6;
}

void Run(int steps) {
  Device device{CopySpeed(steps), steps, TransformerCounts(), 0, {}};
  for (const int64_t count : device.counts) device.parameters += count;
  Memory memory;
  const float figures[] = {0, 1};  // the gradient is finite, and not scaled
  float* there = memory.New<float>(2);
  Check(cudaMemcpy(there, figures, sizeof figures, cudaMemcpyHostToDevice));
  device.gradient = {there, there + 1};
  std::printf("{\"copy_gb_per_s\":%.1f}\n", device.copy_gb_per_s);
  Time<float>(device, "sgd", kPlainSgd);
  Time<float>(device, "sgd with momentum", kMomentumSgd);
  Time<float>(device, "adamw", kAdam);
  Time<BFloat16>(device, "adamw over bf16", kAdam);
  Time<float>(device, "lion", kLion);
  Time<float>(device, "ademamix", kAdEmaMix);
  Time<float>(device, "schedule_free_sgd", kScheduleFreeSgd);
  Time<float>(device, "schedule_free_adamw", kScheduleFreeAdamW);
  Time<float>(device, "sophia", kSophia);
  auto* tables = memory.New<CodeTables>(1);
  const CodeTables made = MakeCodeTables();
  Check(cudaMemcpy(tables, &made, sizeof made, cudaMemcpyHostToDevice));
  TimeQuantised(device, "adamw_8bit", kAdam, tables);
  TimeQuantised(device, "lion_8bit", kLion, tables);
}

}  // namespace
}  // namespace optfleet::rules::cuda

int main(int argc, char** argv) {
  const int steps = argc > 1 ? std::atoi(argv[1]) : 50;
  if (steps < 1) {
    std::fprintf(stderr, "usage: cuda_rule_bench [STEPS], at least 1\n");
    return 2;
  }
  try {
    optfleet::rules::cuda::Run(steps);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cuda_rule_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
