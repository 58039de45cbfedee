#include "trainer_core/checkpoint/run_state.h"

#include <charconv>

namespace optfleet::trainer {
namespace {

std::string ToHex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Result<std::string> FromHex(const std::string& text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned value = 0;
    const char* begin = text.data() + i;
    const auto [end, error] = std::from_chars(begin, begin + 2, value, 16);
    if (error != std::errc() || end != begin + 2) break;
    bytes += static_cast<char>(value);
  }
  if (bytes.size() * 2 != text.size())
    return Fail(Code::kDataLoss, "state.json: random_state is not hexadecimal");
  return bytes;
}

}  // namespace

Json ToJson(const RunState& state) {
  return {{"step", state.step},
          {"record", state.record},
          {"data_position", state.data_position},
          {"skipped_in_row", state.skipped_in_row},
          {"train_seconds", state.train_seconds},
          {"last_loss", state.last_loss},
          {"random_state", ToHex(state.random_state)},
          {"spec_hash", state.spec_hash},
          {"data", {{"size", state.data.size}, {"crc32c", state.data.crc32c}}},
          {"diagnostics", state.diagnostics},
          {"numerics", state.numerics}};
}

Result<RunState> RunStateFromJson(const Json& json) {
  RunState state;
  std::string random_hex;
  try {
    json.at("step").get_to(state.step);
    json.at("record").get_to(state.record);
    json.at("data_position").get_to(state.data_position);
    json.at("skipped_in_row").get_to(state.skipped_in_row);
    json.at("train_seconds").get_to(state.train_seconds);
    json.at("last_loss").get_to(state.last_loss);
    json.at("random_state").get_to(random_hex);
    json.at("spec_hash").get_to(state.spec_hash);
    json.at("data").at("size").get_to(state.data.size);
    json.at("data").at("crc32c").get_to(state.data.crc32c);
    state.diagnostics = json.value("diagnostics", Json::object());
    state.numerics = json.at("numerics");
  } catch (const Json::exception& error) {
    return Fail(Code::kDataLoss, std::string("state.json: ") + error.what());
  }
  auto random_state = FromHex(random_hex);
  if (!random_state.has_value()) return Fail(random_state.error());
  state.random_state = std::move(*random_state);
  return state;
}

Status CheckSameRun(const RunState& state, const std::string& spec_hash, const DataFingerprint& data) {
  if (state.spec_hash != spec_hash) {
    return Fail(Code::kFailedPrecondition, "the checkpoint was written under another spec (" +
                                               state.spec_hash.substr(0, 12) + ", this run has " +
                                               spec_hash.substr(0, 12) + "); start without it");
  }
  if (!(state.data == data)) {
    return Fail(Code::kFailedPrecondition,
                "data.path has changed since the checkpoint was written (" + std::to_string(state.data.size) +
                    " bytes then, " + std::to_string(data.size) +
                    " now, or other content); restore the file or start without the checkpoint");
  }
  return {};
}

}  // namespace optfleet::trainer
