#include "coordinator/rpc/page_token.h"

#include <array>
#include <optional>

#include "common/checksum.h"

namespace optfleet::rpc {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr size_t kChecksumDigits = 8;
constexpr int32_t kDefaultPage = 100;
constexpr int32_t kLargestPage = 1000;

std::string ToHex(std::string_view bytes) {
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4u]);
    hex.push_back(kDigits[byte & 15u]);
  }
  return hex;
}

std::optional<std::string> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const size_t high = kDigits.find(hex[i]);
    const size_t low = kDigits.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

std::string Checksum(std::string_view binding, std::string_view key) {
  std::string text(binding);
  text.push_back('\0');
  text.append(key);
  const uint32_t crc = Crc32c(text);
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>((crc >> static_cast<unsigned>(shift)) & 255u));
  return ToHex(bytes);
}

}  // namespace

std::string MakePageToken(std::string_view binding, std::string_view key) {
  return Checksum(binding, key) + ToHex(key);
}

RpcResult<std::string> ReadPageToken(std::string_view token, std::string_view binding) {
  if (token.empty()) return std::string();
  const auto refuse = [] {
    return tl::make_unexpected(BadField(
        "page_token", "is not the next_page_token of an answer to this call with the same parameters"));
  };
  if (token.size() <= kChecksumDigits) return refuse();
  const std::optional<std::string> key = FromHex(token.substr(kChecksumDigits));
  if (!key || token.substr(0, kChecksumDigits) != Checksum(binding, *key)) return refuse();
  return *key;
}

RpcResult<int32_t> PageSize(int32_t requested) {
  if (requested < 0)
    return tl::make_unexpected(
        BadField("page_size", "must not be negative, found " + std::to_string(requested)));
  if (requested == 0) return kDefaultPage;
  return requested > kLargestPage ? kLargestPage : requested;
}

}  // namespace optfleet::rpc
