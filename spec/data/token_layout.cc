#include "spec/data/token_layout.h"

#include <algorithm>

#include "spec/data/little_endian.h"

namespace optfleet::data {
namespace {

constexpr size_t kLookedAtForZeros = 65536;

TokenLayout ReadText(std::span<const uint8_t> bytes) {
  TokenLayout layout;
  layout.tokens = Tokens(bytes);
  layout.utf8_bytes = layout.tokens.size();
  return layout;
}

// Text has no zero bytes; tokens of two or four bytes have one in each small id.
bool LooksLikeNumbers(std::span<const uint8_t> bytes, std::string_view name) {
  if (!name.ends_with(".bin") && !name.ends_with(".npy")) return false;
  const auto front = bytes.first(std::min(bytes.size(), kLookedAtForZeros));
  return std::find(front.begin(), front.end(), 0) != front.end();
}

}  // namespace

int64_t DocumentTable::Number(int64_t index) const {
  const auto at = static_cast<size_t>(index) * sizeof(uint64_t);
  return static_cast<int64_t>(ReadLittle<uint64_t>({data_, at + sizeof(uint64_t)}, at));
}

Result<TokenLayout> ReadRaw(std::span<const uint8_t> bytes, int64_t token_bytes) {
  const auto width = static_cast<size_t>(token_bytes);
  if (bytes.size() % width != 0) {
    return Fail(Code::kDataLoss,
                "has " + std::to_string(bytes.size()) + " bytes, which are no whole number of tokens of " +
                    std::to_string(width) + " bytes: it is cut off, or data.token_bytes is another");
  }
  TokenLayout layout;
  layout.format = spec::DataFormat::kNanoGpt;
  layout.tokens =
      Tokens(bytes.data(), static_cast<int64_t>(bytes.size() / width), static_cast<int>(token_bytes));
  return layout;
}

Result<TokenLayout> ReadLayout(std::span<const uint8_t> bytes, spec::DataFormat format, int64_t token_bytes,
                               std::string_view name, Reading reading) {
  switch (format) {
    case spec::DataFormat::kText:
      return ReadText(bytes);
    case spec::DataFormat::kTokens:
      return ReadPrepared(bytes, reading);
    case spec::DataFormat::kNanoGpt:
      return ReadRaw(bytes, token_bytes);
    case spec::DataFormat::kLlmC:
      return ReadLlmC(bytes);
    case spec::DataFormat::kNpy:
      return IsNpy(bytes) ? ReadNpy(bytes) : ReadRaw(bytes, token_bytes);
    case spec::DataFormat::kAuto:
      break;
  }
  if (IsPrepared(bytes)) return ReadPrepared(bytes, reading);
  if (IsLlmC(bytes)) return ReadLlmC(bytes);
  if (IsNpy(bytes)) return ReadNpy(bytes);
  if (LooksLikeNumbers(bytes, name)) {
    return Fail(Code::kInvalidArgument,
                "holds zero bytes and no header, so it is hardly text; say what it is by data.format: "
                "nanogpt or npy (bare token ids), or text (bytes)");
  }
  return ReadText(bytes);
}

}  // namespace optfleet::data
