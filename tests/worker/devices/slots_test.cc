#include "worker/devices/slots.h"

#include <gtest/gtest.h>

namespace optfleet::worker {
namespace {

const Machine kMachine{8, 1000, "a processor"};
const std::vector<Gpu> kTwoGpus{{0, "GPU-a", "G", 80}, {1, "GPU-b", "G", 80}};

TEST(MakeSlots, OnePerCoreWithOneThreadAndAnEqualShareOfFourFifths) {
  const auto slots = MakeSlots({}, kMachine, {});
  ASSERT_EQ(slots.size(), 8u);
  for (int i = 0; i < 8; ++i) {
    const auto& slot = slots[static_cast<size_t>(i)];
    EXPECT_EQ(slot.index, i);
    EXPECT_EQ(slot.threads, 1);
    EXPECT_EQ(slot.memory_bytes, 100);
    EXPECT_EQ(slot.model, "a processor");
  }
}

TEST(MakeSlots, ThreadsShareTheCores) {
  SlotOptions options;
  options.threads = 3;
  EXPECT_EQ(MakeSlots(options, kMachine, {}).size(), 2u);
  options.threads = 100;
  EXPECT_EQ(MakeSlots(options, kMachine, {}).size(), 1u);
}

TEST(MakeSlots, NumberAndMemoryAsTold) {
  SlotOptions options;
  options.cpu_slots = 3;
  options.memory_bytes = 7;
  const auto slots = MakeSlots(options, kMachine, {});
  ASSERT_EQ(slots.size(), 3u);
  EXPECT_EQ(slots[2].memory_bytes, 7);
}

TEST(MakeSlots, GpusComeAloneUnlessCpuSlotsAreAskedFor) {
  EXPECT_EQ(MakeSlots({}, kMachine, kTwoGpus).size(), 2u);
  SlotOptions options;
  options.cpu_slots = 1;
  const auto slots = MakeSlots(options, kMachine, kTwoGpus);
  ASSERT_EQ(slots.size(), 3u);
  EXPECT_EQ(slots[1].device_uuid, "GPU-b");
  EXPECT_FALSE(slots[2].gpu);
  EXPECT_EQ(slots[2].index, 2);
}

TEST(MakeSlots, NoneIfToldSo) {
  SlotOptions options;
  options.cpu_slots = 0;
  EXPECT_TRUE(MakeSlots(options, kMachine, {}).empty());
}

TEST(ReadMachine, FindsCoresMemoryAndAName) {
  const auto machine = ReadMachine();
  ASSERT_TRUE(machine);
  EXPECT_GE(machine->cores, 1);
  EXPECT_GT(machine->memory_bytes, int64_t{64} << 20);
}

}  // namespace
}  // namespace optfleet::worker
