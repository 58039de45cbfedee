// How fast updates run on the first CUDA device: `cuda_rule_bench [STEPS]` prints a line of JSON for each
// rule, over the parameters of a transformer with 124 million. Bytes are those that a rule must read and
// write; share_of_copy compares with what the device's own copy moves.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
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

// Zeros on the device.
class Zeros {
 public:
  explicit Zeros(size_t bytes) {
    Check(cudaMalloc(&data_, bytes));
    Check(cudaMemset(data_, 0, bytes));
  }
  Zeros(const Zeros&) = delete;
  Zeros& operator=(const Zeros&) = delete;
  ~Zeros() { cudaFree(data_); }
  template <class T>
  T* As() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_ = nullptr;
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
  std::printf(R"({"rule":"%s","parameters":%lld,"ms_per_step":%.4f,"gb_per_s":%.1f,"share_of_copy":%.3f})"
              "\n",
              rule, static_cast<long long>(device.parameters), milliseconds, speed,
              speed / device.copy_gb_per_s);
}

template <class Number, class Rule>
void Time(const Device& device, const char* name, const Rule& rule) {
  constexpr int kArrays = 2 + Rule::kStates;
  std::vector<std::unique_ptr<Zeros>> memory;
  std::vector<Elements<Number, Number>> tensors;
  for (const int64_t count : device.counts) {
    Elements<Number, Number> elements;
    elements.count = count;
    const auto allocate = [&] {
      memory.push_back(std::make_unique<Zeros>(static_cast<size_t>(count) * sizeof(Number)));
      return memory.back()->template As<Number>();
    };
    elements.weight = allocate();
    elements.gradient = allocate();
    for (int s = 0; s < Rule::kStates; ++s) elements.states[s] = allocate();
    tensors.push_back(elements);
  }
  const double milliseconds = Milliseconds(device.steps, [&] {
    Update(rule, device.gradient, std::span<const Elements<Number, Number>>(tensors), nullptr);
  });
  Print(device, name, sizeof(Number) * (kArrays + 1.0 + Rule::kStates), milliseconds);
}

template <class Rule>
void TimeQuantised(const Device& device, const char* name, const Rule& rule, const CodeTables* tables) {
  std::vector<std::unique_ptr<Zeros>> memory;
  std::vector<QuantisedElements> tensors;
  for (const int64_t count : device.counts) {
    const auto allocate = [&](int64_t bytes) -> const Zeros& {
      memory.push_back(std::make_unique<Zeros>(static_cast<size_t>(bytes)));
      return *memory.back();
    };
    const int64_t scales = (count + kBlock - 1) / kBlock * 4;
    QuantisedElements elements{allocate(4 * count).As<float>(),
                               allocate(4 * count).As<float>(),
                               {allocate(count).As<uint8_t>(), allocate(scales).As<float>()},
                               {allocate(count).As<uint8_t>(), allocate(scales).As<float>()},
                               count,
                               kBlock};
    tensors.push_back(elements);
  }
  const double milliseconds = Milliseconds(device.steps, [&] {
    Update(rule, device.gradient, std::span<const QuantisedElements>(tensors), tables, nullptr);
  });
  Print(device, name, 12 + 2.0 * Rule::kStates * (1 + 4.0 / kBlock), milliseconds);
}

double CopySpeed(int steps) {
  constexpr size_t kBytes = size_t{1} << 30;
  const Zeros from(kBytes), to(kBytes);
  const double milliseconds = Milliseconds(steps, [&] {
    Check(cudaMemcpyAsync(to.As<char>(), from.As<char>(), kBytes, cudaMemcpyDeviceToDevice, nullptr));
  });
  return 2.0 * kBytes / milliseconds / 1e6;
}

void Run(int steps) {
  Device device{CopySpeed(steps), steps, TransformerCounts(), 0, {}};
  for (const int64_t count : device.counts) device.parameters += count;
  const Zeros figures(2 * sizeof(float));
  const float scale = 1;
  Check(cudaMemcpy(figures.As<float>() + 1, &scale, sizeof scale, cudaMemcpyHostToDevice));
  device.gradient = {figures.As<float>(), figures.As<float>() + 1};
  std::printf(R"({"copy_gb_per_s":%.1f})"
              "\n",
              device.copy_gb_per_s);
  Time<float>(device, "sgd", kPlainSgd);
  Time<float>(device, "sgd with momentum", kMomentumSgd);
  Time<float>(device, "adamw", kAdam);
  Time<BFloat16>(device, "adamw over bf16", kAdam);
  Time<float>(device, "lion", kLion);
  Time<float>(device, "ademamix", kAdEmaMix);
  Time<float>(device, "schedule_free_sgd", kScheduleFreeSgd);
  Time<float>(device, "schedule_free_adamw", kScheduleFreeAdamW);
  Time<float>(device, "sophia", kSophia);
  const Zeros tables(sizeof(CodeTables));
  const CodeTables made = MakeCodeTables();
  Check(cudaMemcpy(tables.As<void>(), &made, sizeof made, cudaMemcpyHostToDevice));
  TimeQuantised(device, "adamw_8bit", kAdam, tables.As<CodeTables>());
  TimeQuantised(device, "lion_8bit", kLion, tables.As<CodeTables>());
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
