#include "trainer_core/eval/tasks/task.h"

#include <algorithm>

#include "trainer_core/eval/tasks/text_rules.h"

namespace optfleet::trainer {
namespace {

std::vector<int32_t> BytesOf(std::string_view text) {
  std::vector<int32_t> tokens(text.size());
  std::transform(text.begin(), text.end(), tokens.begin(),
                 [](char byte) { return static_cast<int32_t>(static_cast<unsigned char>(byte)); });
  return tokens;
}

TokenRequest Encode(const TextRequest& request, int32_t prefix) {
  std::vector<int32_t> context = BytesOf(request.context);
  std::vector<int32_t> continuation = BytesOf(request.continuation);
  if (!context.empty()) return {std::move(context), std::move(continuation)};
  // A continuation that begins with the prefix itself gives its first token as context.
  if (!continuation.empty() && continuation.front() == prefix) continuation.erase(continuation.begin());
  return {{prefix}, std::move(continuation)};
}

}  // namespace

std::string_view NameOf(Measure measure) {
  switch (measure) {
    case Measure::kWord:
      return "word";
    case Measure::kChoice:
      return "choice";
    case Measure::kRolling:
      break;
  }
  return "rolling";
}

TextRequest MakeRequest(std::string context, std::string continuation) {
  const size_t kept = context.size() - TrailingSpace(context);
  continuation.insert(0, context, kept);
  context.resize(kept);
  return {std::move(context), std::move(continuation)};
}

TokenTask EncodeBytes(TextTask task, int32_t prefix) {
  TokenTask encoded{std::move(task.name), task.measure, prefix, {}};
  for (TextDocument& document : task.documents) {
    TokenDocument tokens{std::move(document.facts), {}, BytesOf(document.text)};
    document.text = std::string();
    for (const TextRequest& request : document.requests) tokens.requests.push_back(Encode(request, prefix));
    encoded.documents.push_back(std::move(tokens));
  }
  return encoded;
}

std::vector<TokenRequest> RollingWindows(const std::vector<int32_t>& tokens, int32_t prefix, int64_t length) {
  const auto size = static_cast<int64_t>(tokens.size());
  const auto slice = [&](int64_t begin, int64_t end) {
    return std::vector<int32_t>(tokens.begin() + begin, tokens.begin() + end);
  };
  std::vector<TokenRequest> windows;
  for (int64_t begin = 0; begin < size; begin += length) {
    const int64_t end = std::min(begin + length, size);
    if (begin == 0)
      windows.push_back({{prefix}, slice(0, end)});
    else
      windows.push_back({slice(end - length - 1, begin), slice(begin, end)});
  }
  return windows;
}

}  // namespace optfleet::trainer
