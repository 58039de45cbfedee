#include "trainer_core/checkpoint/token_map.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace optfleet::trainer {
namespace {

constexpr std::string_view kBlanks = " \t,\r";

std::optional<int64_t> TakeId(std::string_view* line) {
  line->remove_prefix(std::min(line->find_first_not_of(kBlanks), line->size()));
  int64_t id = 0;
  const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), id);
  if (error != std::errc()) return std::nullopt;
  line->remove_prefix(static_cast<size_t>(end - line->data()));
  return id;
}

// Nothing for an empty line.
Result<std::optional<std::pair<int64_t, int64_t>>> ParseLine(std::string_view line) {
  line = line.substr(0, line.find('#'));
  if (line.find_first_not_of(kBlanks) == std::string_view::npos) return std::nullopt;
  const auto old_id = TakeId(&line);
  const auto new_id = old_id ? TakeId(&line) : std::nullopt;
  if (!new_id || line.find_first_not_of(kBlanks) != std::string_view::npos)
    return Fail(Code::kInvalidArgument, "needs an old and a new id");
  return std::pair(*old_id, *new_id);
}

}  // namespace

TokenMap SameTokens(int64_t old_size, int64_t new_size) {
  TokenMap map(static_cast<size_t>(new_size), -1);
  for (int64_t id = 0; id < std::min(old_size, new_size); ++id) map[static_cast<size_t>(id)] = id;
  return map;
}

Result<TokenMap> ParseTokenMap(std::string_view text, int64_t old_size, int64_t new_size) {
  TokenMap map(static_cast<size_t>(new_size), -1);
  int64_t number = 0;
  const auto wrong = [&](const std::string& what) {
    return Fail(Code::kInvalidArgument, "line " + std::to_string(number) + " " + what);
  };
  while (!text.empty()) {
    const size_t end = text.find('\n');
    ++number;
    const auto pair = ParseLine(text.substr(0, end));
    if (!pair.has_value()) return wrong(pair.error().message());
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!pair->has_value()) continue;
    const auto [old_id, new_id] = **pair;
    if (old_id < 0 || old_id >= old_size)
      return wrong("has the old id " + std::to_string(old_id) + " of " + std::to_string(old_size));
    if (new_id < 0 || new_id >= new_size)
      return wrong("has the new id " + std::to_string(new_id) + " of " + std::to_string(new_size));
    int64_t& source = map[static_cast<size_t>(new_id)];
    if (source >= 0) return wrong("names the new id " + std::to_string(new_id) + " again");
    source = old_id;
  }
  return map;
}

}  // namespace optfleet::trainer
