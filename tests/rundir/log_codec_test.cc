#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "common/rundir/metrics_log.h"

namespace optfleet::rundir {
namespace {

using ::testing::HasSubstr;
using Named = std::pair<std::string_view, double>;

struct Sample {
  int64_t number, step;
  std::vector<Named> points;
};

std::vector<Sample> SmallRun() {
  return {{1, 1, {{"loss", 5.5}, {"grad_norm", 1.25}}},
          {2, 2, {{"loss", std::numeric_limits<double>::quiet_NaN()}, {"grad_norm", INFINITY}}},
          {3, 2, {{"val_loss", 4.75}}},
          {4, 3, {}},
          {5, 4, {{"loss", -0.0}, {"val_loss", 1e-308}}}};
}

std::string Encode(const std::vector<Sample>& samples) {
  LogEncoder encoder;
  std::string bytes = LogEncoder::Header();
  for (const auto& sample : samples)
    encoder.Append(sample.number, sample.step, TimeFromUnixMicros(1'000'000 + sample.number), sample.points,
                   &bytes);
  return bytes;
}

void ExpectSame(const Record& record, const Sample& sample, const std::vector<std::string>& keys) {
  EXPECT_EQ(record.number, sample.number);
  EXPECT_EQ(record.step, sample.step);
  EXPECT_EQ(UnixMicros(record.time), 1'000'000 + sample.number);
  ASSERT_EQ(record.points.size(), sample.points.size());
  for (size_t i = 0; i < sample.points.size(); ++i) {
    EXPECT_EQ(keys.at(record.points[i].key), sample.points[i].first);
    EXPECT_EQ(std::bit_cast<uint64_t>(record.points[i].value),
              std::bit_cast<uint64_t>(sample.points[i].second));
  }
}

void ExpectPrefix(const std::vector<Record>& records, const std::vector<Sample>& samples,
                  const std::vector<std::string>& keys) {
  ASSERT_LE(records.size(), samples.size());
  for (size_t i = 0; i < records.size(); ++i) ExpectSame(records[i], samples[i], keys);
}

TEST(LogCodec, BytesArePinnedByTheFormatPage) {
  LogEncoder encoder;
  std::string bytes = LogEncoder::Header();
  encoder.Append(1, 7, TimeFromUnixMicros(3), std::vector<Named>{{"loss", 2.0}}, &bytes);
  const std::string keys_payload("\x01\x00\x00\x01\x00\x04loss", 10);
  const std::string record_payload(
      "\x02\x01\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x01\0\x00\0\0\0\0\0\0\0\0\x40", 37);
  ASSERT_EQ(bytes.size(), 8 + 8 + keys_payload.size() + 8 + record_payload.size());
  EXPECT_EQ(bytes.substr(0, 8), std::string("OPTFLOG\x01", 8));
  EXPECT_EQ(bytes.substr(8, 4), std::string("\x0a\0\0\0", 4));
  EXPECT_EQ(bytes.substr(16, 10), keys_payload);
  EXPECT_EQ(bytes.substr(26, 4), std::string("\x25\0\0\0", 4));
  EXPECT_EQ(bytes.substr(34), record_payload);
}

TEST(LogCodec, GivesBackWhatWasWritten) {
  const auto samples = SmallRun();
  LogDecoder decoder;
  std::vector<Record> records;
  const std::string bytes = Encode(samples);
  ASSERT_EQ(decoder.Feed(bytes, &records).value(), bytes.size());
  ASSERT_EQ(records.size(), samples.size());
  ExpectPrefix(records, samples, decoder.keys());
  EXPECT_EQ(decoder.last_number(), 5);
  EXPECT_EQ(decoder.offset(), static_cast<int64_t>(bytes.size()));
}

TEST(LogCodec, AFrameTornAtAnyByteIsWaitedForAndThenRead) {
  const auto samples = SmallRun();
  const std::string bytes = Encode(samples);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    LogDecoder decoder;
    std::vector<Record> records;
    const auto used = decoder.Feed(std::string_view(bytes).substr(0, cut), &records);
    ASSERT_TRUE(used) << "cut at " << cut;
    ASSERT_LE(*used, cut);
    ExpectPrefix(records, samples, decoder.keys());
    ASSERT_TRUE(decoder.Feed(std::string_view(bytes).substr(*used), &records)) << "cut at " << cut;
    ASSERT_EQ(records.size(), samples.size()) << "cut at " << cut;
    ExpectPrefix(records, samples, decoder.keys());
  }
}

TEST(LogCodec, AFlippedBitIsNeverAWrongRecord) {
  const auto samples = SmallRun();
  const std::string bytes = Encode(samples);
  int damaged = 0;
  for (size_t at = 0; at < bytes.size() * 8; ++at) {
    std::string flipped = bytes;
    flipped[at / 8] = static_cast<char>(flipped[at / 8] ^ (1 << (at % 8)));
    LogDecoder decoder;
    std::vector<Record> records;
    const auto used = decoder.Feed(flipped, &records);
    damaged += !used;
    if (!used) {
      EXPECT_EQ(used.error().code(), Code::kDataLoss);
    }
    EXPECT_LT(records.size(), samples.size()) << "bit " << at;
    ExpectPrefix(records, samples, decoder.keys());
  }
  EXPECT_GT(damaged,
            static_cast<int>(bytes.size() * 7));  // the rest made a size larger: a frame that never ends
}

TEST(LogCodec, AGapInTheNumbersIsDamage) {
  auto samples = SmallRun();
  samples[3].number = 5;
  LogDecoder decoder;
  std::vector<Record> records;
  const auto used = decoder.Feed(Encode(samples), &records);
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().code(), Code::kDataLoss);
  EXPECT_THAT(used.error().message(), HasSubstr("record 5 where 4 was due"));
  EXPECT_EQ(records.size(), 3u);
}

TEST(LogCodec, ManyNewKeysAtOnceFitIntoFrames) {
  std::vector<std::string> names;
  for (int i = 0; i < 30000; ++i) names.push_back("layer_" + std::to_string(i) + std::string(50, 'x'));
  std::vector<Named> points;
  for (const auto& name : names) points.emplace_back(name, 1.0);
  LogDecoder decoder;
  std::vector<Record> records;
  ASSERT_TRUE(decoder.Feed(Encode({{1, 1, points}}), &records));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(decoder.keys(), names);
}

TEST(LogCodecDeathTest, RefusesAKeyThatTheFormatDoesNotAllow) {
  LogEncoder encoder;
  std::string bytes;
  EXPECT_DEATH(encoder.Append(1, 1, Time(), std::vector<Named>{{"Loss", 1}}, &bytes), "must match");
}

}  // namespace
}  // namespace optfleet::rundir
