// Token files of other projects: llm.c (dev/data/data_common.py there) and NumPy's own format
// (numpy.lib.format, versions 1 to 3).
#include <algorithm>
#include <charconv>
#include <optional>

#include "spec/data/little_endian.h"
#include "spec/data/token_layout.h"

namespace optfleet::data {
namespace {

constexpr int32_t kLlmCMagic16 = 20240520;  // GPT-2 tokens, version 1, uint16
constexpr int32_t kLlmCMagic32 = 20240801;  // Llama-3 tokens, version 7, uint32
constexpr size_t kLlmCHeaderBytes = 256 * sizeof(int32_t);
constexpr std::string_view kNpyMagic = "\x93NUMPY";
constexpr size_t kNpyFixedBytes = 8;  // magic and version

Status CheckSize(size_t found, size_t header, uint64_t tokens, size_t width) {
  const uint64_t held = (found - header) / width;
  if (found >= header && held == tokens && (found - header) % width == 0) return {};
  return Fail(Code::kDataLoss, std::string(held < tokens ? "is cut off" : "is too long") +
                                   ": its header says " + std::to_string(tokens) + " tokens of " +
                                   std::to_string(width) + " bytes, " + std::to_string(found - header) +
                                   " bytes follow it");
}

// What stands behind 'key': in the header of an .npy file, up to the next comma outside brackets.
std::optional<std::string_view> NpyEntry(std::string_view header, std::string_view key) {
  const size_t name = header.find("'" + std::string(key) + "'");
  if (name == std::string_view::npos) return std::nullopt;
  const size_t colon = header.find(':', name);
  if (colon == std::string_view::npos) return std::nullopt;
  size_t begin = header.find_first_not_of(' ', colon + 1);
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end = header[begin] == '(' ? header.find(')', begin) : header.find_first_of(",}", begin);
  return end == std::string_view::npos ? std::nullopt : std::optional(header.substr(begin, end - begin));
}

// "(1000,": the product of the lengths.
std::optional<uint64_t> NpyCount(std::string_view shape) {
  uint64_t product = 1;
  bool any = false;
  for (size_t at = 1; at < shape.size();) {
    if (shape[at] == ',' || shape[at] == ' ') {
      ++at;
      continue;
    }
    uint64_t length = 0;
    const auto [end, error] = std::from_chars(shape.data() + at, shape.data() + shape.size(), length);
    if (error != std::errc() || (length != 0 && product > (uint64_t{1} << 48) / length)) return std::nullopt;
    product *= length;
    any = true;
    at = static_cast<size_t>(end - shape.data());
  }
  return any ? std::optional(product) : std::nullopt;
}

// Ids are never negative, so signed numbers of the same width read alike.
int NpyWidth(std::string_view type) {
  if (type == "'|u1'") return 1;
  if (type == "'<u2'" || type == "'<i2'") return 2;
  if (type == "'<u4'" || type == "'<i4'") return 4;
  return 0;
}

struct NpyHeader {
  std::string_view text;
  size_t bytes;  // where the numbers begin
};

Result<NpyHeader> FindNpyHeader(std::span<const uint8_t> bytes) {
  const int version = bytes.size() > kNpyFixedBytes ? bytes[kNpyMagic.size()] : 0;
  const size_t length_bytes = version == 1 ? sizeof(uint16_t) : sizeof(uint32_t);
  if (version < 1 || version > 3 || bytes.size() < kNpyFixedBytes + length_bytes) {
    return Fail(Code::kUnimplemented, "is an .npy file of format version " + std::to_string(version) +
                                          ", or cut off; versions 1 to 3 are read");
  }
  const size_t length = version == 1 ? ReadLittle<uint16_t>(bytes, kNpyFixedBytes)
                                     : ReadLittle<uint32_t>(bytes, kNpyFixedBytes);
  const size_t begin = kNpyFixedBytes + length_bytes;
  if (bytes.size() - begin < length) return Fail(Code::kDataLoss, "is cut off within its header");
  return NpyHeader{{reinterpret_cast<const char*>(bytes.data()) + begin, length}, begin + length};
}

}  // namespace

bool IsLlmC(std::span<const uint8_t> bytes) {
  if (bytes.size() < sizeof(int32_t)) return false;
  const auto magic = ReadLittle<int32_t>(bytes, 0);
  return magic == kLlmCMagic16 || magic == kLlmCMagic32;
}

Result<TokenLayout> ReadLlmC(std::span<const uint8_t> bytes) {
  if (!IsLlmC(bytes)) {
    return Fail(Code::kInvalidArgument,
                "does not begin with a magic number of llm.c (20240520 or 20240801); a .bin file of nanoGPT "
                "has none: data.format nanogpt");
  }
  if (bytes.size() < kLlmCHeaderBytes) return Fail(Code::kDataLoss, "is cut off within its header");
  const bool wide = ReadLittle<int32_t>(bytes, 0) == kLlmCMagic32;
  const auto version = ReadLittle<int32_t>(bytes, 4);
  const int expected = wide ? 7 : 1;
  if (version != expected) {
    return Fail(Code::kUnimplemented, "is an llm.c file of version " + std::to_string(version) +
                                          "; version " + std::to_string(expected) +
                                          " belongs to its magic number");
  }
  const uint64_t count = ReadLittle<uint32_t>(bytes, 8);
  const size_t width = wide ? sizeof(uint32_t) : sizeof(uint16_t);
  OPTFLEET_RETURN_IF_ERROR(CheckSize(bytes.size(), kLlmCHeaderBytes, count, width));
  TokenLayout layout;
  layout.format = spec::DataFormat::kLlmC;
  layout.tokens =
      Tokens(bytes.data() + kLlmCHeaderBytes, static_cast<int64_t>(count), static_cast<int>(width));
  return layout;
}

bool IsNpy(std::span<const uint8_t> bytes) {
  return bytes.size() >= kNpyMagic.size() &&
         std::equal(kNpyMagic.begin(), kNpyMagic.end(), bytes.begin(),
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

Result<TokenLayout> ReadNpy(std::span<const uint8_t> bytes) {
  const auto header = FindNpyHeader(bytes);
  if (!header.has_value()) return Fail(header.error());
  const auto type = NpyEntry(header->text, "descr");
  const auto shape = NpyEntry(header->text, "shape");
  const auto columns_first = NpyEntry(header->text, "fortran_order");
  if (!type || !shape || !columns_first) return Fail(Code::kDataLoss, "has a header that is not NumPy's");
  const int width = NpyWidth(*type);
  if (width == 0) {
    return Fail(Code::kUnimplemented, "holds numbers of type " + std::string(*type) +
                                          "; token ids are read as |u1, <u2 and <u4 (or <i2 and <i4)");
  }
  const auto count = shape->starts_with('(') ? NpyCount(*shape) : std::nullopt;
  if (!count || *columns_first != "False") {
    return Fail(Code::kUnimplemented,
                "holds an array of shape " + std::string(*shape) + ") that is not one row after the other");
  }
  OPTFLEET_RETURN_IF_ERROR(CheckSize(bytes.size(), header->bytes, *count, static_cast<size_t>(width)));
  TokenLayout layout;
  layout.format = spec::DataFormat::kNpy;
  layout.tokens = Tokens(bytes.data() + header->bytes, static_cast<int64_t>(*count), width);
  return layout;
}

}  // namespace optfleet::data
