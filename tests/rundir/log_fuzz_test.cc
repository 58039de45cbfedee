// The metrics log reader on damaged logs, from seeds: what it gives back is always a part of what was
// written, and nothing behind the damage. Frames whose damage has a right checksum show the checks behind the
// checksum.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <random>

#include "common/checksum.h"
#include "common/rundir/metrics_log.h"
#include "tests/rundir/temporary_folder.h"

namespace optfleet::rundir {
namespace {

constexpr int kSeeds = 4000;

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  uint64_t Below(uint64_t limit) { return std::uniform_int_distribution<uint64_t>(0, limit - 1)(random_); }
  bool Chance(int of) { return Below(static_cast<uint64_t>(of)) == 0; }
  double Value() { return std::bit_cast<double>(random_()); }  // any bits: NaNs and infinities, too

 private:
  std::mt19937_64 random_;
};

struct Made {
  std::string bytes;
  std::vector<size_t> ends;    // behind each record
  std::vector<size_t> frames;  // begin of each record's frames
};

Made MakeLog(Dice* dice) {
  Made made;
  made.bytes = LogEncoder::Header();
  LogEncoder encoder;
  std::vector<std::string> names;
  for (int i = 0; i < 12; ++i) names.push_back("key/" + std::to_string(i));
  const auto records = static_cast<int64_t>(dice->Below(12));
  for (int64_t number = 1; number <= records; ++number) {
    std::vector<std::pair<std::string_view, double>> points;
    for (uint64_t i = dice->Below(8); i > 0; --i)
      points.emplace_back(names[dice->Below(names.size())], dice->Value());
    made.frames.push_back(made.bytes.size());
    encoder.Append(number, static_cast<int64_t>(dice->Below(1U << 20U)), TimeFromUnixMicros(number), points,
                   &made.bytes);
    made.ends.push_back(made.bytes.size());
  }
  return made;
}

bool Same(const Record& a, const Record& b) {
  if (a.number != b.number || a.step != b.step || a.time != b.time || a.points.size() != b.points.size())
    return false;
  for (size_t i = 0; i < a.points.size(); ++i) {
    if (a.points[i].key != b.points[i].key) return false;
    if (std::bit_cast<uint64_t>(a.points[i].value) != std::bit_cast<uint64_t>(b.points[i].value))
      return false;
  }
  return true;
}

// In pieces of random sizes, as a file that grows. False after damage.
bool Decode(std::string_view bytes, Dice* dice, LogDecoder* decoder, std::vector<Record>* records) {
  size_t begin = 0;
  size_t end = 0;
  while (end < bytes.size()) {
    end = std::min(bytes.size(), end + 1 + dice->Below(200));
    const auto used = decoder->Feed(bytes.substr(begin, end - begin), records);
    if (!used.has_value()) return false;
    EXPECT_LE(*used, end - begin);
    begin += *used;
    EXPECT_EQ(decoder->offset(), static_cast<int64_t>(begin));
  }
  return true;
}

void ExpectNumberedWithKnownKeys(const std::vector<Record>& records, const LogDecoder& decoder) {
  for (size_t i = 0; i < records.size(); ++i) {
    ASSERT_EQ(records[i].number, static_cast<int64_t>(i) + 1);
    for (const Point& point : records[i].points) ASSERT_LT(point.key, decoder.keys().size());
  }
}

TEST(LogFuzz, BehindAFlippedBitNothingIsRead) {
  int damaged = 0;
  for (int seed = 0; seed < kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(static_cast<uint64_t>(seed));
    const Made made = MakeLog(&dice);
    LogDecoder whole;
    std::vector<Record> written;
    ASSERT_TRUE(Decode(made.bytes, &dice, &whole, &written));
    ASSERT_EQ(written.size(), made.ends.size());

    std::string bytes = made.bytes;
    const size_t at = dice.Below(bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << dice.Below(8)));
    LogDecoder decoder;
    std::vector<Record> read;
    const bool fine = Decode(bytes, &dice, &decoder, &read);

    const auto before =
        static_cast<size_t>(std::upper_bound(made.ends.begin(), made.ends.end(), at) - made.ends.begin());
    ASSERT_EQ(read.size(), before);
    for (size_t i = 0; i < read.size(); ++i) ASSERT_TRUE(Same(read[i], written[i]));
    // A size that grew looks like a frame that is still being written; anything else is damage.
    damaged += fine ? 0 : 1;
  }
  EXPECT_GT(damaged, kSeeds / 2);
}

TEST(LogFuzz, ACutLogGivesItsWholeRecordsAndGoesOnWhenTheRestComes) {
  for (int seed = 0; seed < kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(static_cast<uint64_t>(seed) + 1'000'000);
    const Made made = MakeLog(&dice);
    const size_t cut = dice.Below(made.bytes.size() + 1);
    LogDecoder decoder;
    std::vector<Record> records;
    ASSERT_TRUE(Decode(std::string_view(made.bytes).substr(0, cut), &dice, &decoder, &records));
    ASSERT_EQ(records.size(), static_cast<size_t>(std::upper_bound(made.ends.begin(), made.ends.end(), cut) -
                                                  made.ends.begin()));
    const auto rest = static_cast<size_t>(decoder.offset());
    ASSERT_TRUE(decoder.Feed(std::string_view(made.bytes).substr(rest), &records).has_value());
    ASSERT_EQ(records.size(), made.ends.size());
  }
}

// Changes bytes of a frame and makes its checksum right again.
void Forge(size_t frame, size_t end, Dice* dice, std::string* bytes) {
  uint32_t size = 0;
  std::memcpy(&size, bytes->data() + frame, sizeof(size));
  if (size == 0 || frame + 8 + size > end) return;
  for (uint64_t i = 1 + dice->Below(4); i > 0; --i)
    (*bytes)[frame + 8 + dice->Below(size)] = static_cast<char>(dice->Chance(2) ? 0xff : dice->Below(256));
  const uint32_t checksum = Crc32c(std::string_view(*bytes).substr(frame + 8, size));
  std::memcpy(bytes->data() + frame + 4, &checksum, sizeof(checksum));
}

TEST(LogFuzz, FramesThatLieWithARightChecksumNeverMakeAStrangeRecord) {
  int refused = 0;
  for (int seed = 0; seed < kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(static_cast<uint64_t>(seed) + 2'000'000);
    Made made = MakeLog(&dice);
    if (made.frames.empty()) continue;
    const size_t which = dice.Below(made.frames.size());
    Forge(made.frames[which], made.ends[which], &dice, &made.bytes);
    LogDecoder decoder;
    std::vector<Record> records;
    refused += Decode(made.bytes, &dice, &decoder, &records) ? 0 : 1;
    ExpectNumberedWithKnownKeys(records, decoder);
  }
  EXPECT_GT(refused, kSeeds / 10);
}

TEST(LogFuzz, NoiseIsNoLog) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    Dice dice(static_cast<uint64_t>(seed) + 3'000'000);
    std::string bytes = dice.Chance(2) ? LogEncoder::Header() : "";
    for (uint64_t i = dice.Below(300); i > 0; --i)
      bytes += static_cast<char>(dice.Below(dice.Chance(3) ? 4 : 256));
    LogDecoder decoder;
    std::vector<Record> records;
    (void)Decode(bytes, &dice, &decoder, &records);
    ASSERT_TRUE(records.empty()) << "seed " << seed;
  }
}

// Through the file: the reader says once and for all that the log is damaged, after the records before it.
TEST(LogFuzz, AReaderOfADamagedFileGivesWhatIsWholeThenTheDamage) {
  TemporaryFolder folder;
  for (int seed = 0; seed < 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(static_cast<uint64_t>(seed) + 4'000'000);
    Made made = MakeLog(&dice);
    if (made.ends.empty()) continue;
    const size_t which = dice.Below(made.ends.size());
    made.bytes[made.ends[which] - 1] = static_cast<char>(made.bytes[made.ends[which] - 1] ^ 1);
    const std::string path = folder / ("log-" + std::to_string(seed));
    std::ofstream(path, std::ios::binary) << made.bytes;
    LogReader reader(path);
    size_t got = 0;
    while (true) {
      const auto records = reader.Read(1 + dice.Below(5));
      if (!records.has_value()) {
        EXPECT_EQ(records.error().code(), Code::kDataLoss);
        break;
      }
      ASSERT_FALSE(records->empty()) << "damage that nobody hears of";
      got += records->size();
    }
    EXPECT_EQ(got, which);
    EXPECT_EQ(reader.Read(1).error().code(), Code::kDataLoss);
  }
}

}  // namespace
}  // namespace optfleet::rundir
