// A metrics.db of version 1 opens as what this program writes, with every value where it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "coordinator/store/metrics_store.h"
#include "coordinator/store/schema.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

// Rows as version 1 wrote them: two attempts of one job (the second resumed behind record 2) and one of
// another, a NaN in a column, points and a NaN beside the columns.
constexpr const char* kRows = R"sql(
INSERT INTO attempts VALUES (1, 'sweeps/lr/jobs/1', 1, 1, 0, 0, 2, 3, 3, '{"loss":3.0}');
INSERT INTO attempts VALUES (2, 'sweeps/lr/jobs/2', 1, 1, 0, 0, 9223372036854775807, 1, 1, '{"loss":9.0}');
INSERT INTO attempts VALUES (3, 'sweeps/lr/jobs/1', 2, 1, 1, 2, 9223372036854775807, 1, 3, '{"loss":3.5}');
INSERT INTO records(attempt, number, step, time, nan_keys, loss, grad_norm) VALUES
  (1, 1, 1, 1000000, NULL, 1.0, 0.5), (1, 2, 2, 2000000, ',grad_norm,', 2.0, NULL), (1, 3, 3, 3000000, NULL, 3.0, 0.25),
  (2, 1, 1, 1000000, NULL, 9.0, NULL), (3, 1, 3, 5000000, NULL, 3.5, 1e999);
INSERT INTO keys VALUES (1, 'data_wait_seconds'), (2, 'z_loss');
INSERT INTO other_points VALUES (1, 1, 1, 0.125), (1, 1, 2, 7.0), (1, 2, 1, NULL), (1, 2, 2, NULL), (3, 1, 2, 8.0);
INSERT INTO segments VALUES ('sweeps/lr/jobs/1', 1, 1, 2), ('sweeps/lr/jobs/1', 2, 3, NULL),
  ('sweeps/lr/jobs/2', 1, 2, NULL);
)sql";

class MetricsMigration : public testing::Test {
 protected:
  void SetUp() override {
    Schema old = kMetricsSchema;
    old.steps = old.steps.first(1);
    auto connection = OpenForWriting(path_, old);
    ASSERT_TRUE(connection.has_value()) << connection.error().message();
    const Status written = connection->Execute(kRows);
    ASSERT_TRUE(written.has_value()) << written.error().message();
  }
  std::string Text(const std::string& sql) {
    auto reader = OpenForReading(path_, kMetricsSchema);
    EXPECT_TRUE(reader.has_value()) << reader.error().message();
    auto text = reader->QueryText(sql);
    EXPECT_TRUE(text.has_value()) << text.error().message();
    return text.value_or("");
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/" + kMetricsFile;
};

TEST_F(MetricsMigration, EveryValueIsWhereItWas) {
  ASSERT_TRUE(MetricsStore::Open(folder_.options()).has_value());

  EXPECT_EQ(Text("SELECT group_concat(attempt || '.' || record || ':' || step || ':' || loss, ' ') FROM "
                 "(SELECT * FROM "
                 "series WHERE job = 'sweeps/lr/jobs/1' ORDER BY attempt, id)"),
            "1.1:1:1.0 1.2:2:2.0 2.1:3:3.5");
  EXPECT_EQ(Text("SELECT group_concat(coalesce(grad_norm, 'NULL') || coalesce(nan_keys, ''), ' ') FROM "
                 "(SELECT * FROM "
                 "series WHERE job = 'sweeps/lr/jobs/1' ORDER BY attempt, id)"),
            "0.5 NULL,grad_norm,data_wait_seconds, Inf");
  EXPECT_EQ(Text("SELECT group_concat(key || coalesce(value, 'NULL'), ' ') FROM (SELECT * FROM other_series "
                 "WHERE job = "
                 "'sweeps/lr/jobs/1' ORDER BY attempt, id)"),
            "z_loss7.0 z_lossNULL z_loss8.0");
  EXPECT_EQ(Text("SELECT data_wait_seconds FROM series WHERE job = 'sweeps/lr/jobs/1' AND step = 1"),
            "0.125");
  EXPECT_EQ(Text("SELECT count(*) FROM records"), "5");
  EXPECT_EQ(Text("PRAGMA integrity_check"), "ok");
}

TEST_F(MetricsMigration, AnAttemptGoesOnBehindWhatWasHeld) {
  auto store = MetricsStore::Open(folder_.options());
  ASSERT_TRUE(store.has_value()) << store.error().message();
  const domain::Attempt attempt = AnAttempt({"lr", 2}, 1, "a");

  const auto held = (*store)->Append(std::vector{Batch(attempt.name, 1, 4)});

  ASSERT_TRUE(held.has_value()) << held.error().message();
  EXPECT_EQ(held->at(0).record, 4);
  EXPECT_EQ(
      Text(
          "SELECT group_concat(loss) FROM (SELECT * FROM series WHERE job = 'sweeps/lr/jobs/2' ORDER BY id)"),
      "9.0,0.5,0.333333333333333,0.25");
}

TEST_F(MetricsMigration, AnOldProgramIsRefusedAndTheCopyIsKept) {
  ASSERT_TRUE(MetricsStore::Open(folder_.options()).has_value());
  Schema old = kMetricsSchema;
  old.steps = old.steps.first(1);
  EXPECT_EQ(OpenForReading(path_, old).error().code(), Code::kFailedPrecondition)
      << "an old program reads a new file";
  auto copy = OpenForReading(path_ + ".before-1", old);
  ASSERT_TRUE(copy.has_value()) << copy.error().message();
  EXPECT_EQ(copy->QueryInt("SELECT count(*) FROM other_points"), 5);
}

}  // namespace
}  // namespace optfleet::store
