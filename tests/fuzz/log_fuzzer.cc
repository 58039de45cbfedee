// Bytes as a metrics log: whatever they are, the readers give whole records, numbered from 1 without gaps and
// with known keys, and then an error or nothing. How the bytes come, and through which reader, changes
// nothing.
//
// The first byte of an input says how it is read: whether checksums are made right first, so that what stands
// behind them is reached, and in pieces of which size.
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <optional>

#include "common/checksum.h"
#include "common/rundir/metrics_log.h"
#include "tests/fuzz/check.h"

namespace optfleet::fuzz {
namespace {

using rundir::LogDecoder;
using rundir::LogEncoder;
using rundir::LogReader;
using rundir::Record;

constexpr size_t kFrameHead = 8;  // size, checksum

struct Read {
  std::vector<Record> records;
  std::vector<std::string> keys;
  int64_t offset = 0;
  std::optional<Error> error;
};

void MakeChecksumsRight(std::string* bytes) {
  for (size_t at = LogEncoder::Header().size(); at + kFrameHead <= bytes->size();) {
    uint32_t size = 0;
    std::memcpy(&size, bytes->data() + at, sizeof(size));
    if (size > bytes->size() - at - kFrameHead) return;
    const uint32_t checksum = Crc32c(std::string_view(*bytes).substr(at + kFrameHead, size));
    std::memcpy(bytes->data() + at + sizeof(size), &checksum, sizeof(checksum));
    at += kFrameHead + size;
  }
}

Read Decode(const std::string& bytes, size_t piece) {
  LogDecoder decoder;
  Read read;
  size_t begin = 0;
  for (size_t end = 0; end < bytes.size() && !read.error;) {
    end = std::min(bytes.size(), end + piece);
    const auto used = decoder.Feed(std::string_view(bytes).substr(begin, end - begin), &read.records);
    if (!used.has_value()) {
      read.error = used.error();
      break;
    }
    Check(*used <= end - begin, "the decoder used more than it was given");
    begin += *used;
    Check(decoder.offset() == static_cast<int64_t>(begin), "the decoder's offset is not what it used");
  }
  read.keys = decoder.keys();
  read.offset = decoder.offset();
  return read;
}

bool SamePoints(const Record& a, const Record& b) {
  if (a.points.size() != b.points.size()) return false;
  for (size_t i = 0; i < a.points.size(); ++i) {
    if (a.points[i].key != b.points[i].key) return false;
    if (std::bit_cast<uint64_t>(a.points[i].value) != std::bit_cast<uint64_t>(b.points[i].value))
      return false;
  }
  return true;
}

void CheckSame(const std::vector<Record>& a, const std::vector<Record>& b, const std::string& sentence) {
  Check(a.size() == b.size(), sentence);
  for (size_t i = 0; i < a.size(); ++i) {
    Check(a[i].number == b[i].number && a[i].step == b[i].step && a[i].time == b[i].time, sentence);
    Check(SamePoints(a[i], b[i]), sentence);
  }
}

void CheckRecords(const Read& read) {
  for (size_t i = 0; i < read.records.size(); ++i) {
    Check(read.records[i].number == static_cast<int64_t>(i) + 1, "records are not numbered from 1");
    for (const rundir::Point& point : read.records[i].points)
      Check(point.key < read.keys.size(), "a point has a key that was never named");
  }
  if (read.error) Check(read.error->code() == Code::kDataLoss, "damage is not DATA_LOSS");
}

// What was read, written again, is read as the same.
void CheckWrittenAgain(const Read& read) {
  std::string bytes = LogEncoder::Header();
  LogEncoder encoder;
  for (const Record& record : read.records) {
    std::vector<std::pair<std::string_view, double>> points;
    for (const rundir::Point& point : record.points) points.emplace_back(read.keys[point.key], point.value);
    encoder.Append(record.number, record.step, record.time, points, &bytes);
  }
  const Read again = Decode(bytes, bytes.size());
  Check(!again.error, "records that were read cannot be written and read again");
  Check(again.records.size() == read.records.size(), "records are lost when they are written again");
  for (size_t i = 0; i < read.records.size(); ++i)
    for (size_t j = 0; j < read.records[i].points.size(); ++j)
      Check(again.keys[again.records[i].points[j].key] == read.keys[read.records[i].points[j].key],
            "a point has another key when it is written again");
}

// A file in memory; this process can open it by its path.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& bytes) : descriptor_(memfd_create("log", MFD_CLOEXEC)) {
    Check(write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
          "no file in memory");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void CheckFile(const std::string& bytes, const Read& expected, size_t limit) {
  const MemoryFile file(bytes);
  LogReader reader(file.path());
  std::vector<Record> records;
  std::optional<Error> error;
  while (!error) {
    const auto more = reader.Read(limit);
    if (!more.has_value()) {
      error = more.error();
    } else if (more->empty()) {
      break;
    } else {
      records.insert(records.end(), more->begin(), more->end());
    }
  }
  CheckSame(records, expected.records, "the file's reader gives other records than the decoder");
  Check(error.has_value() == expected.error.has_value(), "only one of two readers sees the damage");

  LogReader skipping(file.path());
  const auto half = static_cast<int64_t>(expected.records.size() / 2);
  Check(skipping.SkipTo(half).has_value(), "records that are there cannot be skipped");
  Check(skipping.last_number() == half, "skipping ends elsewhere");
  Check(!skipping.SkipTo(static_cast<int64_t>(expected.records.size()) + 1).has_value(),
        "more records are skipped than there are");
}

void Run(uint8_t how, std::string bytes) {
  if (how & 1) MakeChecksumsRight(&bytes);
  const Read whole = Decode(bytes, std::max<size_t>(bytes.size(), 1));
  CheckRecords(whole);
  const Read pieces = Decode(bytes, size_t{1} + (how >> 2U));
  CheckSame(whole.records, pieces.records, "records depend on how the bytes come");
  Check(whole.error.has_value() == pieces.error.has_value(), "damage depends on how the bytes come");
  Check(whole.offset == pieces.offset, "the place of the damage depends on how the bytes come");
  CheckWrittenAgain(whole);
  if (how & 2) CheckFile(bytes, whole, size_t{1} + (how >> 4U));
}

}  // namespace
}  // namespace optfleet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) optfleet::fuzz::Run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
