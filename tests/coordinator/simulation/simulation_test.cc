// Many small histories of a whole cluster; docs/testing.md says what is tried and how to replay one.
//   OPTFLEET_SEED=N       that one alone, OPTFLEET_TRACE=1 with its story
//   OPTFLEET_SEEDS=N      so many of each shard
//   OPTFLEET_FIRST_SEED=N from there on
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "tests/coordinator/simulation/world.h"

namespace optfleet::simulation {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

uint64_t running_seed = 0;

// A broken invariant of the product aborts; then the seed would be lost.
void SayWhichSeed(int signal) {
  std::fprintf(stderr, "seed %llu: the product stopped itself (signal %d)\n",
               static_cast<unsigned long long>(running_seed), signal);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

std::string HowToReplay(uint64_t seed) {
  return "replay with its story: OPTFLEET_SEED=" + std::to_string(seed) +
         " OPTFLEET_TRACE=1 bin/coordinator_simulation_test --gtest_filter=Simulation.Shard0";
}

// Goes on after a failure, so that a long run shows how often and how differently; but not for ever.
void RunSeeds(uint64_t first, uint64_t count, Coverage* coverage) {
  ::signal(SIGABRT, &SayWhichSeed);
  uint64_t patience = FromEnvironment("OPTFLEET_FAILURES", 5);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    running_seed = seed;
    WorldOptions options;
    options.seed = seed;
    World world(options, coverage);
    const auto violation = world.Run();
    if (!violation) continue;
    ADD_FAILURE() << "seed " << seed << ": broken: " << violation->invariant << ": " << violation->text
                  << "\n"
                  << HowToReplay(seed);
    if (--patience == 0) return;
  }
}

constexpr uint64_t kSeedsOfAShard = 500;

void RunShard(uint64_t shard) {
  Coverage coverage;
  const uint64_t only = FromEnvironment("OPTFLEET_SEED", 0);
  if (only != 0) return RunSeeds(only, 1, &coverage);
  const uint64_t count = FromEnvironment("OPTFLEET_SEEDS", kSeedsOfAShard);
  const uint64_t first = FromEnvironment("OPTFLEET_FIRST_SEED", 1);
  RunSeeds(first + shard * 1000000, count, &coverage);
  std::printf("%s", coverage.Text().c_str());
  if (testing::Test::HasFailure() || count < kSeedsOfAShard) return;
  for (size_t i = 0; i < static_cast<size_t>(Fault::kCount); ++i)
    EXPECT_GT(coverage.Of(static_cast<Fault>(i)), 0) << Name(static_cast<Fault>(i)) << " was never met";
  for (const char* what :
       {"attempts lost", "attempts failed", "attempts resumed", "attempts resumed from a lost one"})
    EXPECT_GT(coverage.Of(what), 20) << what;
}

TEST(Simulation, Shard0) { RunShard(0); }
TEST(Simulation, Shard1) { RunShard(1); }
TEST(Simulation, Shard2) { RunShard(2); }
TEST(Simulation, Shard3) { RunShard(3); }

TEST(Calm, WithoutFaultsEveryJobSucceedsAtTheFirstAttempt) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Coverage coverage;
    WorldOptions options;
    options.seed = seed;
    options.faults = false;
    World world(options, &coverage);
    const auto violation = world.Run();
    ASSERT_FALSE(violation.has_value()) << violation->invariant << ": " << violation->text;
    EXPECT_FALSE(world.checker().rows().jobs.empty());
    for (const auto& [name, job] : world.checker().rows().jobs) {
      const domain::SearchPolicy& search = world.checker().rows().sweeps.at(name.sweep).search;
      if (search != domain::SearchPolicy()) continue;   // then not every job is to get to its end
      if (world.held().contains(name.sweep)) continue;  // by its guard: what ran gave its slot back
      EXPECT_EQ(job.status.outcome, Outcome::kSucceeded) << ToResource(name);
      EXPECT_EQ(job.status.attempt_count, job.status.reused_from ? 0 : 1) << ToResource(name);
    }
  }
}

}  // namespace
}  // namespace optfleet::simulation
