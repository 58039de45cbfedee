#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <optional>

#include "common/rundir/layout.h"
#include "common/rundir/metrics_log.h"

namespace optfleet::rundir {
namespace {

constexpr size_t kReadBytes = 1 << 18;
constexpr size_t kLongestFrame = (1 << 20) + 8;

class FileLogWriter final : public LogWriter {
 public:
  FileLogWriter(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~FileLogWriter() override { ::close(descriptor_); }

  Result<int64_t> Append(std::span<const NewRecord> records) override {
    // A failed write must not leave keys behind that are only thought to be written.
    const LogEncoder before = encoder_;
    bytes_.clear();
    ends_.clear();
    for (const NewRecord& record : records) {
      encoder_.Append(last_number_ + 1 + static_cast<int64_t>(ends_.size()), record.step, record.time,
                      record.points, &bytes_);
      ends_.push_back(bytes_.size());
    }
    const size_t got = Write(bytes_);
    if (got == bytes_.size()) {
      size_ += static_cast<off_t>(got);
      last_number_ += static_cast<int64_t>(records.size());
      return last_number_;
    }
    const Error error = ErrnoError(errno, "write " + path_);
    encoder_ = before;
    return KeepWhole(records, got, error);
  }

  Status Sync() override {
    if (::fsync(descriptor_) != 0) return Fail(ErrnoError(errno, "fsync " + path_));
    return {};
  }

  int64_t last_number() const override { return last_number_; }

  Status WriteHeader() {
    if (Write(LogEncoder::Header()) == LogEncoder::Header().size()) {
      size_ += static_cast<off_t>(LogEncoder::Header().size());
      return {};
    }
    return Fail(ErrnoError(errno, "write " + path_));
  }

 private:
  // How many bytes; fewer than all after a failure, which errno names.
  size_t Write(std::string_view bytes) const {
    size_t written = 0;
    while (written < bytes.size()) {
      const ssize_t one = ::write(descriptor_, bytes.data() + written, bytes.size() - written);
      if (one < 0 && errno == EINTR) continue;
      if (one < 0) return written;
      written += static_cast<size_t>(one);
    }
    return written;
  }

  // After a write that ended within a frame: the whole frames stay, the rest is cut off, so no byte that
  // counts is ever written again.
  Result<int64_t> KeepWhole(std::span<const NewRecord> records, size_t got, const Error& error) {
    const auto whole = static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), got) - ends_.begin());
    const size_t kept = whole == 0 ? 0 : ends_[whole - 1];
    if (got > kept && ::ftruncate(descriptor_, size_ + static_cast<off_t>(kept)) != 0)
      return Fail(Code::kDataLoss, error.message() + "; its half-written record could not be cut off");
    bytes_.clear();
    for (size_t i = 0; i < whole; ++i)  // only so that the encoder knows the keys that are in the file
      encoder_.Append(++last_number_, records[i].step, records[i].time, records[i].points, &bytes_);
    size_ += static_cast<off_t>(kept);
    if (whole == 0) return Fail(error);
    return last_number_;
  }

  const int descriptor_;
  const std::string path_;
  LogEncoder encoder_;
  std::string bytes_;         // of one Append
  std::vector<size_t> ends_;  // of its records, in `bytes_`
  int64_t last_number_ = 0;
  off_t size_ = 0;
};

}  // namespace

Result<std::unique_ptr<LogWriter>> LogWriter::Create(const std::string& folder) {
  const std::string path = folder + "/" + kMetricsLog;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) return Fail(ErrnoError(errno, "create " + path));
  auto writer = std::make_unique<FileLogWriter>(descriptor, path);
  if (const auto written = writer->WriteHeader(); !written) {
    ::unlink(path.c_str());
    return Fail(written.error());
  }
  return writer;
}

struct LogReader::State {
  std::string path;
  int descriptor = -1;
  LogDecoder decoder;
  std::vector<char> buffer;
  std::deque<Record> ready;
  int64_t given = 0;            // number of the last record handed out
  std::optional<Error> damage;  // shown when `ready` is empty

  // Reads one more piece of the file; false at its present end.
  Result<bool> ReadMore() {
    if (descriptor < 0) {
      descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      if (descriptor < 0 && errno == ENOENT) return false;
      if (descriptor < 0) return Fail(ErrnoError(errno, "open " + path));
    }
    // Always from the last whole frame: a cut-off frame may have been cut back and written anew
    // (LogWriter::Append).
    buffer.resize(std::max(buffer.size(), kReadBytes));
    const ssize_t got = ::pread(descriptor, buffer.data(), buffer.size(), decoder.offset());
    if (got < 0) return Fail(ErrnoError(errno, "read " + path));
    std::vector<Record> records;
    const auto used = decoder.Feed({buffer.data(), static_cast<size_t>(got)}, &records);
    for (auto& record : records) ready.push_back(std::move(record));
    if (!used) {
      damage = used.error().In(path);
    } else if (*used == 0) {
      if (static_cast<size_t>(got) < buffer.size() || buffer.size() >= kLongestFrame) return false;
      buffer.resize(kLongestFrame);
    }
    return true;
  }
};

LogReader::LogReader(std::string path) : state_(std::make_unique<State>()) { state_->path = std::move(path); }

LogReader::~LogReader() {
  if (state_->descriptor >= 0) ::close(state_->descriptor);
}

Result<std::vector<Record>> LogReader::Read(size_t limit) {
  while (state_->ready.size() < limit && !state_->damage) {
    const auto more = state_->ReadMore();
    if (!more) return Fail(more.error());
    if (!*more) break;
  }
  if (state_->ready.empty() && state_->damage) return Fail(*state_->damage);
  std::vector<Record> records;
  while (!state_->ready.empty() && records.size() < limit) {
    records.push_back(std::move(state_->ready.front()));
    state_->ready.pop_front();
  }
  if (!records.empty()) state_->given = records.back().number;
  return records;
}

Status LogReader::SkipTo(int64_t number) {
  while (last_number() < number) {
    const auto records = Read(static_cast<size_t>(std::min<int64_t>(number - last_number(), 4096)));
    if (!records) return Fail(records.error());
    if (records->empty())
      return Fail(Code::kOutOfRange, state_->path + " holds " + std::to_string(last_number()) +
                                         " records, fewer than the " + std::to_string(number) + " to skip");
  }
  return {};
}

const std::vector<std::string>& LogReader::keys() const { return state_->decoder.keys(); }
int64_t LogReader::last_number() const { return state_->given; }

}  // namespace optfleet::rundir
