// The token files of `optfleet prepare`.
#include <algorithm>

#include "common/checksum.h"
#include "common/content_stamp.h"
#include "spec/data/little_endian.h"
#include "spec/data/token_layout.h"

namespace optfleet::data {
namespace {

constexpr std::string_view kMagic = kPreparedMagic;
constexpr uint8_t kVersion = 1;
constexpr size_t kHeaderBytes = kPreparedHeaderBytes;
constexpr size_t kHeaderSum = 124;
constexpr size_t kTokenizerAt = 64;
constexpr size_t kTokenizerBytes = 32;
constexpr uint64_t kTokenAlignment = 64;
constexpr uint64_t kTableEntry = 16;
constexpr uint64_t kMost = uint64_t{1} << 48;  // keeps sums and products within 64 bits

struct Header {
  explicit Header(std::span<const uint8_t> bytes)
      : width(ReadLittle<uint32_t>(bytes, 8)),
        vocab_size(ReadLittle<uint32_t>(bytes, 12)),
        end_of_text(ReadLittle<int64_t>(bytes, 16)),
        documents(ReadLittle<uint64_t>(bytes, 24)),
        tokens(ReadLittle<uint64_t>(bytes, 32)),
        utf8_bytes(ReadLittle<uint64_t>(bytes, 40)),
        tokens_at(ReadLittle<uint64_t>(bytes, 48)),
        table_at(ReadLittle<uint64_t>(bytes, 56)),
        file_bytes(ReadLittle<uint64_t>(bytes, 96)),
        rest_sum(ReadLittle<uint32_t>(bytes, 104)) {}

  uint32_t width;
  uint32_t vocab_size;
  int64_t end_of_text;
  uint64_t documents;
  uint64_t tokens;
  uint64_t utf8_bytes;
  uint64_t tokens_at;
  uint64_t table_at;
  uint64_t file_bytes;
  uint32_t rest_sum;
};

bool AddsUp(const Header& header) {
  const bool width = header.width == 1 || header.width == 2 || header.width == 4;
  const bool small = std::max({header.documents, header.tokens, header.tokens_at, header.table_at,
                               header.utf8_bytes}) < kMost;
  return width && small && header.tokens_at >= kHeaderBytes && header.tokens_at % kTokenAlignment == 0 &&
         header.tokens_at + header.tokens * header.width <= header.table_at &&
         header.table_at + (header.documents + 1) * kTableEntry == header.file_bytes;
}

bool AddsUp(const Header& header, const DocumentTable& table) {
  const auto documents = static_cast<int64_t>(header.documents);
  if (table.Token(0) != 0 || table.Byte(0) != 0) return false;
  for (int64_t i = 0; i < documents; ++i)
    if (table.Token(i) > table.Token(i + 1) || table.Byte(i) > table.Byte(i + 1)) return false;
  return table.Token(documents) == static_cast<int64_t>(header.tokens) &&
         table.Byte(documents) == static_cast<int64_t>(header.utf8_bytes);
}

Status CheckHeader(std::span<const uint8_t> bytes) {
  if (bytes.size() < kHeaderBytes) {
    return Fail(Code::kDataLoss, "is cut off within its header of 128 bytes; prepare it again");
  }
  if (const int version = bytes[kMagic.size()]; version != kVersion) {
    return Fail(Code::kUnimplemented, "is a token file of version " + std::to_string(version) +
                                          ", this program reads version " + std::to_string(kVersion) +
                                          "; prepare it with the `optfleet prepare` of this version");
  }
  if (Crc32(std::as_bytes(bytes.first(kHeaderSum))) != ReadLittle<uint32_t>(bytes, kHeaderSum)) {
    return Fail(Code::kDataLoss, "has a damaged header (its checksum differs); prepare it again");
  }
  return {};
}

Status CheckRest(std::span<const uint8_t> bytes, const Header& header, Reading reading) {
  if (bytes.size() != header.file_bytes) {
    const std::string what =
        bytes.size() < header.file_bytes ? "is cut off: it has " : "is too long: it has ";
    return Fail(Code::kDataLoss, what + std::to_string(bytes.size()) + " bytes, its header says " +
                                     std::to_string(header.file_bytes) + "; prepare it again");
  }
  if (reading == Reading::kHead) return {};
  const DocumentTable table(bytes.data() + header.table_at, static_cast<int64_t>(header.documents));
  if (Crc32(std::as_bytes(bytes.subspan(kHeaderBytes))) != header.rest_sum || !AddsUp(header, table)) {
    return Fail(Code::kDataLoss, "is damaged (its checksum differs); prepare it again");
  }
  return {};
}

// Zeros for tokens that no tokenizer's file made.
std::string TokenizerOf(std::span<const uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto digest = bytes.subspan(kTokenizerAt, kTokenizerBytes);
  if (std::all_of(digest.begin(), digest.end(), [](uint8_t byte) { return byte == 0; })) return "";
  std::string text;
  for (const uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

bool IsPrepared(std::span<const uint8_t> bytes) {
  return bytes.size() > kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

Result<TokenLayout> ReadPrepared(std::span<const uint8_t> bytes, Reading reading) {
  if (!IsPrepared(bytes)) {
    return Fail(Code::kInvalidArgument,
                "is no token file of `optfleet prepare`; say another data.format or auto");
  }
  OPTFLEET_RETURN_IF_ERROR(CheckHeader(bytes));
  const Header header(bytes);
  if (!AddsUp(header)) {
    return Fail(Code::kDataLoss, "has a header whose sizes do not add up; prepare it again");
  }
  OPTFLEET_RETURN_IF_ERROR(CheckRest(bytes, header, reading));
  TokenLayout layout;
  layout.format = spec::DataFormat::kTokens;
  layout.tokens = Tokens(bytes.data() + header.tokens_at, static_cast<int64_t>(header.tokens),
                         static_cast<int>(header.width));
  layout.vocab_size = header.vocab_size;
  layout.end_of_text = header.end_of_text;
  layout.utf8_bytes = static_cast<int64_t>(header.utf8_bytes);
  layout.documents = DocumentTable(bytes.data() + header.table_at, static_cast<int64_t>(header.documents));
  layout.tokenizer = TokenizerOf(bytes);
  if (reading == Reading::kWhole) layout.checked_header_bytes = kHeaderBytes;
  return layout;
}

}  // namespace optfleet::data
