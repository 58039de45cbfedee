// metrics.log of a run directory: numbered, checksummed records, appended by one trainer and followed by one
// worker (format: docs/run-directory.md). Encoding and decoding are pure; LogWriter and LogReader own one
// file each and belong to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/time.h"

namespace optfleet::rundir {

struct Point {
  uint16_t key = 0;  // id, into the keys in order of first use
  double value = 0;
};

struct Record {
  int64_t number = 0;  // from 1, no gaps
  int64_t step = 0;
  Time time;
  std::vector<Point> points;
};

// A record on its way into a log, which numbers it.
struct NewRecord {
  int64_t step = 0;
  Time time;
  std::span<const std::pair<std::string_view, double>> points;
};

// Turns records into bytes and knows which keys have been written. Pure.
class LogEncoder {
 public:
  static std::string Header();
  // Appends a key frame if needed and the record's frame to `out`. Keys match [a-z][a-z0-9_/.]{0,62}
  // (checked: assertion).
  void Append(int64_t number, int64_t step, Time time,
              std::span<const std::pair<std::string_view, double>> points, std::string* out);

 private:
  // Of the key at this place of a record; new ones are appended to `fresh`.
  uint16_t IdOf(size_t place, std::string_view key, std::vector<std::string_view>* fresh);

  std::map<std::string, uint16_t, std::less<>> ids_;
  // Keys of the record before by place, since records of a run are alike: a comparison instead of a search.
  std::vector<std::pair<std::string, uint16_t>> before_;
  std::vector<uint16_t> record_ids_;
};

// Takes bytes as they come and gives whole records back. Pure. Stops for good at the first damaged frame.
class LogDecoder {
 public:
  // Consumes as many whole frames of `bytes` as there are; returns how many bytes were used (the rest is a
  // cut-off frame: call again with it and more). DATA_LOSS names the offset and what is wrong: bad header,
  // checksum, size, a gap in the numbers.
  Result<size_t> Feed(std::string_view bytes, std::vector<Record>* records);

  const std::vector<std::string>& keys() const { return keys_; }  // by id; grows
  int64_t last_number() const { return last_number_; }
  int64_t offset() const { return offset_; }  // bytes consumed in all

 private:
  bool header_seen_ = false;
  int64_t last_number_ = 0;
  int64_t offset_ = 0;
  std::vector<std::string> keys_;
};

// The trainer's end. Creates the file (ALREADY_EXISTS if it is there: an attempt never continues an old log).
class LogWriter {
 public:
  static Result<std::unique_ptr<LogWriter>> Create(const std::string& folder);
  virtual ~LogWriter() = default;

  // Writes at once (no buffer in this object); the file is not fsynced. Returns the number of the last record
  // that is in the log: fewer than all `records` when the disk got full on the way, an error when not even
  // the first is. The file then ends with a whole frame, and the rest may be tried again.
  virtual Result<int64_t> Append(std::span<const NewRecord> records) = 0;
  Result<int64_t> Append(int64_t step, Time time,
                         std::span<const std::pair<std::string_view, double>> points) {
    const NewRecord one{step, time, points};
    return Append(std::span(&one, 1));
  }
  // fsync; afterwards all appended records survive a crash of the machine.
  virtual Status Sync() = 0;
  virtual int64_t last_number() const = 0;
};

// The worker's end: reads on from where it stopped. Opens lazily: a log that is not there yet has no records.
class LogReader {
 public:
  explicit LogReader(std::string path);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // Up to `limit` further whole records; empty if there are none yet. DATA_LOSS as LogDecoder, once and for
  // all.
  Result<std::vector<Record>> Read(size_t limit);
  // Continues behind record `number` (reads and drops up to it): after a restart, when the coordinator holds
  // that many.
  Status SkipTo(int64_t number);

  const std::vector<std::string>& keys() const;
  int64_t last_number() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace optfleet::rundir
