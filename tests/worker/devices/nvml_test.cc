#include "worker/devices/nvml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "worker/devices/slots.h"

namespace optfleet::worker {
namespace {

using ::testing::HasSubstr;

class FakeNvml : public ::testing::Test {
 protected:
  ~FakeNvml() override { ::unsetenv("OPTFLEET_FAKE_GPUS"); }
  static void Machine(const char* gpus) { ::setenv("OPTFLEET_FAKE_GPUS", gpus, 1); }
};

TEST_F(FakeNvml, ListsEachGpu) {
  Machine("2");
  const auto gpus = FindGpus(FAKE_NVML);
  ASSERT_TRUE(gpus) << gpus.error().message();
  ASSERT_EQ(gpus->size(), 2u);
  EXPECT_EQ(gpus->at(1).index, 1);
  EXPECT_EQ(gpus->at(1).uuid, "GPU-0000-1");
  EXPECT_EQ(gpus->at(1).model, "Imaginary 100");
  EXPECT_EQ(gpus->at(1).memory_bytes, int64_t{2} << 30);
}

TEST_F(FakeNvml, AMachineWithoutADriverHasNone) {
  EXPECT_EQ(FindGpus("/no/such/library.so").error().code(), Code::kNotFound);
  SlotOptions options;
  options.nvml = "/no/such/library.so";
  const auto slots = FindSlots(options);
  ASSERT_TRUE(slots);
  ASSERT_FALSE(slots->empty());
  EXPECT_FALSE(slots->front().gpu);
}

TEST_F(FakeNvml, ABrokenDriverIsAnErrorInItsOwnWordsAndNotACpuWorker) {
  Machine("broken");
  SlotOptions options;
  options.nvml = FAKE_NVML;
  const auto slots = FindSlots(options);
  ASSERT_FALSE(slots);
  EXPECT_THAT(slots.error().message(), HasSubstr("Driver Not Loaded"));
}

TEST_F(FakeNvml, ALibraryOfAnotherKindIsNamed) {
  EXPECT_EQ(FindGpus("libm.so.6").error().code(), Code::kUnavailable);
}

TEST_F(FakeNvml, AGpuWorkerOffersItsGpus) {
  Machine("3");
  SlotOptions options;
  options.nvml = FAKE_NVML;
  const auto slots = FindSlots(options).value();
  ASSERT_EQ(slots.size(), 3u);
  for (const auto& slot : slots) EXPECT_TRUE(slot.gpu);
}

}  // namespace
}  // namespace optfleet::worker
