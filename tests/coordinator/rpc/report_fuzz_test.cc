// ReportMetrics from strangers, from seeds: what passes the checks fits together and can be stored as it is;
// the rest is INVALID_ARGUMENT with the field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/store/metrics_store.h"

namespace optfleet::rpc {
namespace {

constexpr int kSeeds = 3000;

class Stranger {
 public:
  explicit Stranger(uint64_t seed) : random_(seed) {}

  // A good report, damaged in up to three places, at times in its bytes.
  v1::ReportMetricsRequest Report() {
    v1::ReportMetricsRequest request;
    for (uint64_t i = 1 + Below(2); i > 0; --i) AddGood(request.add_attempts());
    for (uint64_t i = Below(4); i > 0; --i)
      Damage(
          request.mutable_attempts(static_cast<int>(Below(static_cast<uint64_t>(request.attempts_size())))));
    if (Below(3) > 0) return request;
    std::string bytes = request.SerializeAsString();
    for (uint64_t i = 1 + Below(3); i > 0; --i) bytes[Below(bytes.size())] = static_cast<char>(Below(256));
    v1::ReportMetricsRequest read;
    return read.ParseFromString(bytes) ? read : request;
  }

 private:
  uint64_t Below(uint64_t limit) { return std::uniform_int_distribution<uint64_t>(0, limit - 1)(random_); }
  int64_t Number() {
    constexpr std::array<int64_t, 8> kOdd = {
        0, -1, 1, int64_t{1} << 31, (int64_t{1} << 32) - 1, int64_t{1} << 32, INT64_MAX, INT64_MIN};
    return kOdd[Below(kOdd.size())];
  }
  double Value() {
    const uint64_t bits = random_();
    double value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }

  void AddGood(v1::AttemptRecords* records) {
    records->set_attempt("sweeps/lr/jobs/1/attempts/1");
    records->mutable_fence()->set_incarnation(1);
    records->mutable_fence()->set_attempt(1);
    v1::RecordBatch* batch = records->mutable_records();
    batch->set_first_record(1);
    for (const char* key : {"loss", "val_loss", "my/key"}) batch->add_keys(key);
    for (uint64_t i = Below(6); i > 0; --i) {
      batch->add_steps(static_cast<int64_t>(Below(100)));
      batch->add_time_us(static_cast<int64_t>(Below(1000)));
      const uint64_t points = Below(5);
      batch->add_point_counts(static_cast<uint32_t>(points));
      for (uint64_t point = 0; point < points; ++point) {
        batch->add_key_index(static_cast<uint32_t>(Below(3)));
        batch->add_values(Value());
      }
    }
  }

  void Damage(v1::AttemptRecords* records) {
    v1::RecordBatch* batch = records->mutable_records();
    const auto any = [&](int size) { return static_cast<int>(Below(static_cast<uint64_t>(size))); };
    switch (Below(11)) {
      case 0:
        return batch->set_first_record(Number());
      case 1:
        return batch->add_steps(Number());
      case 2:
        return batch->add_time_us(Number());
      case 3:
        return batch->add_point_counts(static_cast<uint32_t>(Number()));
      case 4:
        return batch->add_key_index(static_cast<uint32_t>(Number()));
      case 5:
        return batch->add_values(Value());
      case 6:
        return batch->add_keys(Below(2) == 0 ? "" : "'; DROP TABLE records; --");
      case 7:
        return batch->clear_keys();
      case 8:
        return records->set_attempt(Below(2) == 0 ? "" : "sweeps/../jobs/0/attempts/-1");
      case 9:
        if (batch->steps_size() > 0) batch->set_steps(any(batch->steps_size()), Number());
        return;
      default:
        if (batch->point_counts_size() > 0)
          batch->set_point_counts(any(batch->point_counts_size()), static_cast<uint32_t>(Number()));
    }
  }

  std::mt19937_64 random_;
};

void ExpectFits(const store::RecordBatch& batch) {
  EXPECT_GE(batch.first_record, 1);
  EXPECT_LE(batch.first_record, store::kLastRecord);
  ASSERT_EQ(batch.times_us.size(), batch.size());
  ASSERT_EQ(batch.point_counts.size(), batch.size());
  ASSERT_EQ(batch.key_index.size(), batch.values.size());
  EXPECT_EQ(std::accumulate(batch.point_counts.begin(), batch.point_counts.end(), uint64_t{0}),
            batch.values.size());
  for (const uint32_t key : batch.key_index) EXPECT_LT(key, batch.keys.size());
  for (const int64_t step : batch.steps) EXPECT_GE(step, 0);
}

TEST(ReportFuzz, WhatPassesFitsAndIsStoredTheRestNamesItsField) {
  auto metrics = store::MetricsStore::Open({":memory:", {}}).value();
  domain::Attempt attempt;
  attempt.name = {{"lr", 1}, 1};
  attempt.fence = {1, 1};
  ASSERT_TRUE(metrics->Link(std::vector{attempt}).has_value());
  int passed = 0;
  int refused = 0;
  for (int seed = 0; seed < kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto batches = FromWire(Stranger(static_cast<uint64_t>(seed)).Report());
    if (!batches.has_value()) {
      ++refused;
      EXPECT_EQ(batches.error().code, Code::kInvalidArgument);
      EXPECT_FALSE(batches.error().violations.empty());
      continue;
    }
    ++passed;
    for (const store::RecordBatch& batch : *batches) ExpectFits(batch);
    const auto held = metrics->Append(*batches);
    ASSERT_TRUE(held.has_value()) << held.error().message();
  }
  EXPECT_GT(passed, kSeeds / 10);
  EXPECT_GT(refused, kSeeds / 10);
}

}  // namespace
}  // namespace optfleet::rpc
