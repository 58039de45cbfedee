#include "worker/process/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::worker {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

TEST(TrainerEnvironment, HoldsOnlyWhatIsAllowedAndTheSlotsOwn) {
  EXPECT_THAT(
      TrainerEnvironment({"PATH=/bin", "AWS_SECRET=x", "OMP_NUM_THREADS=64", "NCCL_DEBUG=INFO", "PATHS=/x"},
                         {"cpu", 0, 2, 0, ""}),
      UnorderedElementsAre("PATH=/bin", "NCCL_DEBUG=INFO", "OMP_NUM_THREADS=2", "MKL_NUM_THREADS=2",
                           "CUDA_VISIBLE_DEVICES=", "OMP_WAIT_POLICY=passive"));
}

TEST(TrainerEnvironment, ThreadsOfOneTrainerWaitWithoutSpinning) {
  EXPECT_THAT(TrainerEnvironment({}, {"cpu", 0, 2, 0, ""}), Contains("OMP_WAIT_POLICY=passive"));
  EXPECT_THAT(TrainerEnvironment({}, {"cpu", 0, 1, 0, ""}), Not(Contains("OMP_WAIT_POLICY=passive")));
  EXPECT_THAT(TrainerEnvironment({"OMP_WAIT_POLICY=active"}, {"cpu", 0, 2, 0, ""}),
              Not(Contains("OMP_WAIT_POLICY=passive")));
}

TEST(TrainerEnvironment, AGpuSlotSeesItsDeviceAlone) {
  EXPECT_THAT(TrainerEnvironment({"CUDA_VISIBLE_DEVICES=0,1,2"}, {"gpu", 0, 4, 0, "GPU-b"}),
              Contains("CUDA_VISIBLE_DEVICES=GPU-b"));
}

}  // namespace
}  // namespace optfleet::worker
