// Many small histories of a whole cluster. A failing seed is printed; OPTFLEET_SEED=N runs that one alone,
// OPTFLEET_SEEDS=N so many.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "coordinator/store/read_store.h"
#include "tests/coordinator/simulation/world.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::simulation {
namespace {

constexpr int kChaos = 120;  // virtual seconds
constexpr int kPatience = 600;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Calls `run` for each seed until one fails.
template <typename Run>
void ForEachSeed(uint64_t count, Run&& run) {
  const uint64_t only = FromEnvironment("OPTFLEET_SEED", 0);
  const uint64_t first = only == 0 ? 1 : only;
  const uint64_t last = only == 0 ? FromEnvironment("OPTFLEET_SEEDS", count) : only;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("replay with OPTFLEET_SEED=" + std::to_string(seed));
    run(seed);
    if (testing::Test::HasFailure()) return;
  }
}

// What the histories went through: a simulation in which nothing goes wrong shows nothing.
struct Seen {
  int lost = 0;
  int failed = 0;
  int resumed = 0;
  int resumed_from_lost = 0;

  void Add(const World& world) {
    for (const auto& [name, attempt] : world.attempts()) {
      if (attempt.outcome == Outcome::kLost) ++lost;
      if (attempt.outcome == Outcome::kFailed) ++failed;
      if (attempt.parent == 0) continue;
      ++resumed;
      const auto parent = world.attempts().find({name.job, attempt.parent});
      if (parent != world.attempts().end() && parent->second.outcome == Outcome::kLost) ++resumed_from_lost;
    }
  }
};

TEST(Simulation, EverythingEndsAndNothingIsDoneTwice) {
  Seen seen;
  ForEachSeed(150, [&seen](uint64_t seed) {
    WorldOptions options;
    options.seed = seed;
    World world(options);
    EXPECT_TRUE(world.Run(kChaos, kPatience)) << "some job never ended";
    EXPECT_EQ(world.jobs().size(), 12U);
    seen.Add(world);
  });
  if (FromEnvironment("OPTFLEET_SEED", 0) != 0) return;
  EXPECT_GT(seen.lost, 20);
  EXPECT_GT(seen.failed, 20);
  EXPECT_GT(seen.resumed, 20);
  EXPECT_GT(seen.resumed_from_lost, 5);
  RecordProperty("attempts_lost", seen.lost);
  RecordProperty("attempts_resumed_from_lost", seen.resumed_from_lost);
}

TEST(Simulation, WithoutFaultsEveryJobSucceedsAtTheFirstAttempt) {
  WorldOptions options;
  options.faults = false;
  World world(options);
  EXPECT_TRUE(world.Run(0, 200));
  for (const auto& [name, status] : world.jobs()) {
    EXPECT_EQ(status.outcome, Outcome::kSucceeded) << ToResource(name);
    EXPECT_EQ(status.attempt_count, 1) << ToResource(name);
  }
}

// On real files, which are closed and opened again with each crash: the series of each job that succeeded has
// every step once, with the value that an undisturbed run records.
TEST(Simulation, EverySeriesIsWholeOnDisk) {
  ForEachSeed(8, [](uint64_t seed) {
    store::TemporaryFolder folder;
    WorldOptions options;
    options.seed = seed;
    options.folder = folder.path();
    World world(options);
    ASSERT_TRUE(world.Run(kChaos, kPatience)) << "some job never ended";
    auto reader = store::ReadStore::Open(folder.path());
    ASSERT_TRUE(reader.has_value()) << reader.error().message();
    for (const auto& [name, status] : world.jobs()) {
      if (status.outcome != Outcome::kSucceeded) continue;
      store::SeriesQuery query;
      query.job = name;
      const auto series = (*reader)->QuerySeries(query);
      ASSERT_EQ(series->size(), 1U) << ToResource(name);
      ASSERT_EQ(series->at(0).steps.size(), static_cast<size_t>(kSteps)) << ToResource(name);
      for (int64_t step = 1; step <= kSteps; ++step) {
        const auto i = static_cast<size_t>(step - 1);
        EXPECT_EQ(series->at(0).steps[i], step) << ToResource(name);
        EXPECT_EQ(series->at(0).last[i], ValueOf(name, step)) << ToResource(name);
      }
    }
  });
}

}  // namespace
}  // namespace optfleet::simulation
