// Files of state.db that earlier versions wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/store/schema.h"
#include "coordinator/store/state_store.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

// As version 2 wrote them: a sweep of three jobs, kept by the first, with attempts.
constexpr const char* kVersion2Rows = R"sql(
INSERT INTO sweeps VALUES ('lr', 'The lr', 'active', '[]', 'val_loss', 3, 0, 0, 0, 10, NULL, 0, 'no', 1);
INSERT INTO sources VALUES ('lr', 1, '[]', '[]', '', '{}');
INSERT INTO jobs VALUES ('lr', 1, '[]', '{"a":{"b":1}}', 'h1', 100, 10, 'running', NULL, '', 1, 'w', '', 0, NULL, NULL, '', 0, '{}',
  NULL, 11, NULL, '{}', NULL);
INSERT INTO jobs VALUES ('lr', 2, '[]', '{"a":{"b":2}}', 'h2', 100, 10, 'queued', NULL, '', 0, '', '', 0, NULL, NULL, '', 0, '{}',
  NULL, NULL, NULL, '{"slots":2}', 1);
INSERT INTO workers VALUES ('w', 'ready', '[]', '', '', 7, '[]', 12, '[]', 0, 'no', 0, NULL);
INSERT INTO jobs VALUES ('lr', 3, '[]', '{"a":{"b":3}}', 'h3', 100, 10, 'ended', 'failed', '', 2, '', '', 0, NULL, NULL, '', 0, '{}',
  NULL, 11, 90, '{"slots":2,"share":50}', 1);
INSERT INTO attempts VALUES ('lr', 3, 1, 5, 'ended', 'failed', '', 'w', '[0,1]', 0, 1, 0, 0, 0, 0, 0, 0, NULL, NULL, 11, 20, 50, 42, '/r');
INSERT INTO attempts VALUES ('lr', 3, 2, 5, 'ended', 'lost', '', 'w', '[0,1]', 0, 1, 0, 0, 0, 0, 0, 0, NULL, NULL, 60, NULL, 90, 42, '/r');
INSERT INTO attempts VALUES ('lr', 1, 1, 5, 'running', NULL, '', 'w', '[0]', 0, 1, 0, 0, 0, 0, 0, 0, 99, NULL, 11, 11, NULL, 42, '/r');
)sql";

class StateMigration : public testing::Test {
 protected:
  StateMigration() : path_(folder_.path() + "/" + kStateFile) {
    Schema old = kStateSchema;
    old.steps = old.steps.first(2);
    auto file = OpenForWriting(path_, old);
    EXPECT_TRUE(file.has_value()) << file.error().message();
    const Status filled = file->Execute(kVersion2Rows);
    EXPECT_TRUE(filled.has_value()) << filled.error().message();
  }

  TemporaryFolder folder_;
  std::string path_;
};

TEST_F(StateMigration, JobsAreAsTheyWereAndTheirAttemptsStillTheirs) {
  auto store = StateStore::Open(folder_.options());
  ASSERT_TRUE(store.has_value()) << store.error().message();
  const auto saved = (*store)->Load();
  ASSERT_TRUE(saved.has_value()) << saved.error().message();
  ASSERT_EQ(saved->jobs.size(), 1U);
  EXPECT_EQ(saved->jobs[0].status.state, domain::JobState::kRunning);
  EXPECT_EQ(saved->sweeps.at(0).fresh.Find(2)->resources.slots, 2);
  EXPECT_EQ(saved->attempts.at(0).trainer_pid, 42);
  EXPECT_EQ(saved->sweeps.at(0).ended_slot_time, 30 * 2 * 50) << "of the attempt that ran";
  EXPECT_EQ(saved->jobs.at(0).status.slot_time, 0);
  EXPECT_EQ((*store)->SpecOf({"lr", 2}), "{\"a\":{\"b\":2}}");
  store->reset();
  auto file = OpenForReading(path_, kStateSchema);
  EXPECT_EQ(file->QueryText("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(file->QueryInt("SELECT count(*) FROM pragma_foreign_key_check"), 0);
  EXPECT_EQ(
      file->QueryInt("SELECT count(*) FROM pragma_foreign_key_list('attempts') WHERE \"table\" = 'jobs'"), 2)
      << "one row a column";
}

TEST_F(StateMigration, AnAttemptWithoutItsJobIsSaidAndNothingIsChanged) {
  {
    Schema old = kStateSchema;
    old.steps = old.steps.first(2);
    auto file = OpenForWriting(path_, old);
    ASSERT_TRUE(file->Execute("PRAGMA foreign_keys = OFF; DELETE FROM jobs WHERE number = 1").has_value());
  }
  const auto store = StateStore::Open(folder_.options());
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code(), Code::kDataLoss);
  EXPECT_THAT(store.error().message(), testing::HasSubstr("1 rows name others that do not exist"));
}

}  // namespace
}  // namespace optfleet::store
