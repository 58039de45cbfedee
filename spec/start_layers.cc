#include "spec/start_layers.h"

#include <charconv>
#include <optional>

namespace optfleet::spec {
namespace {

constexpr int64_t kMostLayers = 1 << 20;

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<int64_t> Number(std::string_view text) {
  text = Trimmed(text);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value >= kMostLayers)
    return std::nullopt;
  return value;
}

// "5" or "0-11", appended; false if it is neither.
bool AppendRange(std::string_view part, std::vector<int64_t>* sources) {
  const size_t dash = part.find('-');
  const auto first = Number(part.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : Number(part.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  for (int64_t layer = *first; layer <= *last; ++layer) sources->push_back(layer);
  return true;
}

}  // namespace

tl::expected<std::vector<int64_t>, std::string> SourceLayers(std::string_view text, int64_t layers,
                                                             int64_t available) {
  std::vector<int64_t> sources;
  if (text == "same" || text == "spread" || text == "stack") {
    for (int64_t layer = 0; layer < layers; ++layer)
      sources.push_back(text == "same" || available == 0 ? layer
                        : text == "spread"               ? layer * available / layers
                                                         : layer % available);
    return sources;
  }
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, comma - begin);
    if (!AppendRange(part, &sources))
      return tl::unexpected("has `" + std::string(Trimmed(part)) + "`, which is no layer and no range");
    begin = comma + 1;
  }
  if (static_cast<int64_t>(sources.size()) != layers)
    return tl::unexpected("names " + std::to_string(sources.size()) + " layers for the model's " +
                          std::to_string(layers));
  for (const int64_t source : sources)
    if (source >= available)
      return tl::unexpected("names layer " + std::to_string(source) + " of a file with " +
                            std::to_string(available));
  return sources;
}

}  // namespace optfleet::spec
