// Retention on real stores: what ended long ago is thinned without anybody asking, what is open is not.
#include "coordinator/app/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <utility>

#include "tests/coordinator/store/fixtures.h"

namespace optfleet::app {
namespace {

constexpr int kRecords = 6000;

TEST(Retention, ThinsWhatEndedLongAgoAndNothingElse) {
  store::TemporaryFolder folder;
  auto state = store::StateStore::Open(folder.options()).value();
  auto metrics = store::MetricsStore::Open(folder.options()).value();
  engine::Changes changes;
  changes.new_sweeps = {store::NewSweep("old", 1), store::NewSweep("open", 1)};
  changes.workers = {store::AWorker("a")};
  domain::Attempt ended = store::AnAttempt({"old", 1}, 1, "a");
  ended.state = domain::AttemptState::kEnded;
  ended.outcome = Outcome::kSucceeded;
  ended.lease_time = std::nullopt;
  changes.attempts = {ended, store::AnAttempt({"open", 1}, 1, "a")};
  ASSERT_TRUE(state->Commit(changes).has_value());
  engine::Changes end;
  domain::Sweep sweep = store::NewSweep("old", 1).sweep;
  sweep.state = domain::SweepState::kEnded;
  sweep.end_time = store::At(100);
  end.sweeps = {sweep};
  ASSERT_TRUE(state->Commit(end).has_value());
  ASSERT_TRUE(metrics->Link(changes.attempts).has_value());
  for (const domain::Attempt& attempt : changes.attempts)
    ASSERT_TRUE(metrics->Append(std::vector{store::Batch(attempt.name, 1, kRecords)}).has_value());

  std::promise<int64_t> first;
  MetricsWriter writer(std::move(metrics), {.held = [](const engine::RecordsHeld&) {},
                                            .stored = [](int64_t, int64_t, double) {},
                                            .writable_changed = [](bool, const std::string&) {},
                                            .refused = [](std::string_view) {},
                                            .thinned =
                                                [&, told = false](int64_t records) mutable {
                                                  if (!std::exchange(told, true)) first.set_value(records);
                                                }});
  {
    const RetentionOptions options{.after = std::chrono::seconds(50), .points = 300};
    Retention retention(options, store::ReadStore::Open(folder.path()).value(), &writer,
                        [] { return store::At(200); });
    EXPECT_GT(first.get_future().get(), 0);
  }
  writer.Stop();

  auto reader = store::ReadStore::Open(folder.path()).value();
  const auto points = [&](const JobName& job) {
    return reader->QuerySeries({.job = job, .keys = {"loss"}}).value().at(0).steps.size();
  };
  EXPECT_EQ(points({"open", 1}), static_cast<size_t>(kRecords));
  EXPECT_LT(points({"old", 1}), static_cast<size_t>(kRecords));
}

}  // namespace
}  // namespace optfleet::app
