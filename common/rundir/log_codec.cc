#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "common/checksum.h"
#include "common/rundir/metrics_log.h"

namespace optfleet::rundir {
namespace {

static_assert(std::endian::native == std::endian::little, "the log is little-endian and copied byte by byte");

constexpr std::string_view kHeader("OPTFLOG\x01", 8);
constexpr size_t kMaxPayload = 1 << 20;
constexpr size_t kFrameHead = 8;        // size, checksum
constexpr size_t kKeysPerFrame = 1000;  // keeps a key frame far below kMaxPayload
enum Kind : uint8_t { kKeys = 1, kRecord = 2 };

template <typename T>
void Put(T value, std::string* out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out->append(bytes, sizeof(T));
}

// Takes values off the front of a payload; `ok` turns false for good when there are too few bytes.
class Bytes {
 public:
  explicit Bytes(std::string_view rest) : rest_(rest) {}
  template <typename T>
  T Take() {
    T value{};
    const std::string_view bytes = Text(sizeof(T));
    if (ok_) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string_view Text(size_t size) {
    ok_ = ok_ && rest_.size() >= size;
    if (!ok_) return {};
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

bool IsKey(std::string_view key) {
  if (key.empty() || key.size() > 63 || key[0] < 'a' || key[0] > 'z') return false;
  for (const char c : key)
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '/' && c != '.') return false;
  return true;
}

[[noreturn]] void Broken(const char* what) {
  std::fprintf(stderr, "metrics log: %s\n", what);
  std::abort();
}

// Begins a frame at the end of `out`; what is appended until EndFrame is its payload.
size_t BeginFrame(std::string* out) {
  out->append(kFrameHead, '\0');
  return out->size();
}

void EndFrame(size_t payload, std::string* out) {
  const auto size = static_cast<uint32_t>(out->size() - payload);
  const uint32_t checksum = Crc32c(std::string_view(*out).substr(payload));
  std::memcpy(out->data() + payload - kFrameHead, &size, sizeof(size));
  std::memcpy(out->data() + payload - sizeof(checksum), &checksum, sizeof(checksum));
}

void AppendKeys(size_t first, std::span<const std::string_view> keys, std::string* out) {
  for (size_t begin = 0; begin < keys.size(); begin += kKeysPerFrame) {
    const auto part = keys.subspan(begin, std::min(kKeysPerFrame, keys.size() - begin));
    const size_t payload = BeginFrame(out);
    Put(uint8_t{kKeys}, out);
    Put(static_cast<uint16_t>(first + begin), out);
    Put(static_cast<uint16_t>(part.size()), out);
    for (const std::string_view key : part) {
      Put(static_cast<uint8_t>(key.size()), out);
      out->append(key);
    }
    EndFrame(payload, out);
  }
}

// An empty result is success; otherwise what is wrong with the payload.
std::string DecodeKeys(Bytes bytes, std::vector<std::string>* keys) {
  const auto first = bytes.Take<uint16_t>();
  const auto count = bytes.Take<uint16_t>();
  if (!bytes.ok() || first != keys->size()) return "a key frame out of order";
  std::vector<std::string> fresh;
  for (int i = 0; i < count; ++i) {
    const std::string_view key = bytes.Text(bytes.Take<uint8_t>());
    if (!bytes.ok() || !IsKey(key)) return "a bad key name";
    fresh.emplace_back(key);
  }
  if (!bytes.done()) return "a key frame of the wrong size";
  keys->insert(keys->end(), fresh.begin(), fresh.end());
  return "";
}

std::string DecodeRecord(Bytes bytes, size_t key_count, int64_t expected, Record* record) {
  record->number = static_cast<int64_t>(bytes.Take<uint64_t>());
  record->step = static_cast<int64_t>(bytes.Take<uint64_t>());
  record->time = TimeFromUnixMicros(bytes.Take<int64_t>());
  const auto count = bytes.Take<uint16_t>();
  if (!bytes.ok()) return "a record of the wrong size";
  if (record->number != expected)
    return "record " + std::to_string(record->number) + " where " + std::to_string(expected) + " was due";
  record->points.reserve(count);
  for (int i = 0; i < count; ++i) {
    const auto key = bytes.Take<uint16_t>();
    const auto value = bytes.Take<double>();
    if (!bytes.ok()) break;
    if (key >= key_count) return "a point with an unknown key";
    record->points.push_back({key, value});
  }
  return bytes.done() ? "" : "a record of the wrong size";
}

}  // namespace

std::string LogEncoder::Header() { return std::string(kHeader); }

uint16_t LogEncoder::IdOf(size_t place, std::string_view key, std::vector<std::string_view>* fresh) {
  if (place < before_.size() && before_[place].first == key) return before_[place].second;
  auto found = ids_.find(key);
  if (found == ids_.end()) {
    if (!IsKey(key)) Broken("a key must match [a-z][a-z0-9_/.]{0,62}");
    if (ids_.size() > 0xffff) Broken("more than 65536 keys");
    found = ids_.emplace(std::string(key), static_cast<uint16_t>(ids_.size())).first;
    fresh->push_back(key);
  }
  if (place >= before_.size()) before_.resize(place + 1);
  before_[place] = {found->first, found->second};
  return found->second;
}

void LogEncoder::Append(int64_t number, int64_t step, Time time,
                        std::span<const std::pair<std::string_view, double>> points, std::string* out) {
  if (points.size() > 0xffff) Broken("more than 65535 points in a record");
  const size_t known = ids_.size();
  std::vector<std::string_view> fresh;
  record_ids_.clear();
  for (size_t i = 0; i < points.size(); ++i) record_ids_.push_back(IdOf(i, points[i].first, &fresh));
  AppendKeys(known, fresh, out);
  const size_t payload = BeginFrame(out);
  Put(uint8_t{kRecord}, out);
  Put(static_cast<uint64_t>(number), out);
  Put(static_cast<uint64_t>(step), out);
  Put(UnixMicros(time), out);
  Put(static_cast<uint16_t>(points.size()), out);
  for (size_t i = 0; i < points.size(); ++i) {
    Put(record_ids_[i], out);
    Put(points[i].second, out);
  }
  EndFrame(payload, out);
}

Result<size_t> LogDecoder::Feed(std::string_view bytes, std::vector<Record>* records) {
  size_t used = 0;
  const auto damage = [&](const std::string& what) {
    return Fail(Code::kDataLoss, "metrics log damaged at byte " + std::to_string(offset_) + ": " + what);
  };
  if (!header_seen_) {
    if (bytes.substr(0, kHeader.size()) != kHeader.substr(0, std::min(bytes.size(), kHeader.size())))
      return damage("not the header of version 1");
    if (bytes.size() < kHeader.size()) return 0;
    header_seen_ = true;
    used = kHeader.size();
    offset_ += static_cast<int64_t>(kHeader.size());
  }
  while (bytes.size() - used >= kFrameHead) {
    Bytes head(bytes.substr(used, kFrameHead));
    const auto size = head.Take<uint32_t>();
    const auto checksum = head.Take<uint32_t>();
    if (size == 0 || size > kMaxPayload) return damage("a frame of " + std::to_string(size) + " bytes");
    if (bytes.size() - used - kFrameHead < size) break;
    const std::string_view payload = bytes.substr(used + kFrameHead, size);
    if (Crc32c(payload) != checksum) return damage("wrong checksum");
    const auto kind = static_cast<uint8_t>(payload[0]);
    std::string wrong;
    if (kind == kKeys) {
      wrong = DecodeKeys(Bytes(payload.substr(1)), &keys_);
    } else if (kind == kRecord) {
      Record record;
      wrong = DecodeRecord(Bytes(payload.substr(1)), keys_.size(), last_number_ + 1, &record);
      if (wrong.empty()) {
        last_number_ = record.number;
        records->push_back(std::move(record));
      }
    } else {
      wrong = "a frame of unknown kind " + std::to_string(kind);
    }
    if (!wrong.empty()) return damage(wrong);
    used += kFrameHead + size;
    offset_ += static_cast<int64_t>(kFrameHead + size);
  }
  return used;
}

}  // namespace optfleet::rundir
