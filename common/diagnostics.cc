#include "common/diagnostics.h"

#include <algorithm>
#include <tuple>

#include "common/text.h"

namespace optfleet {
namespace {

constexpr size_t kMostColumns = 100;   // of a source line
constexpr size_t kColumnsBefore = 60;  // of the place, when a longer line is cut
constexpr std::string_view kGutter = "      | ";

auto Place(const Diagnostic& diagnostic) {
  const SourcePosition& position = diagnostic.position;
  return std::tie(position.file, position.line, position.column);
}

bool IsControl(uint32_t code_point) { return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0); }

// One printable piece per character, so that pieces can be counted in columns.
std::string PrintableCharacter(std::string_view text, const CodePoint& point, size_t at) {
  if (point.value == '\t') return "    ";
  if (IsControl(point.value) || point.value == 0xFFFD) return "\uFFFD";
  return std::string(text.substr(at, point.bytes));
}

std::string Printable(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text, at);
    out += PrintableCharacter(text, point, at);
    at += point.bytes;
  }
  return out;
}

// Without its line break; empty if the text has no such line.
std::string_view LineOf(std::string_view text, int32_t line) {
  for (int32_t now = 1; now < line; ++now) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return "";
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

struct Excerpt {
  std::string source;     // printable
  size_t before = 0;      // columns before the place
  size_t underlined = 1;  // columns of the place
};

// The first byte to show, so that the place lies within the shown columns.
size_t FirstShown(std::string_view line, size_t place) {
  if (DisplayWidth(line) <= kMostColumns) return 0;
  size_t first = 0;
  while (first < place && DisplayWidth(line.substr(first, place - first)) > kColumnsBefore)
    first += DecodeUtf8(line, first).bytes;
  return first;
}

Excerpt MakeExcerpt(std::string_view line, const SourcePosition& position) {
  const size_t place = std::min<size_t>(static_cast<size_t>(std::max(position.column, 1)) - 1, line.size());
  const size_t length = static_cast<size_t>(std::max(position.length, 1));
  // Bytes far behind the place cannot be shown anyway; cutting them first keeps a very long line cheap.
  const size_t near_begin = place > 4 * kMostColumns ? place - 4 * kMostColumns : 0;
  line = line.substr(near_begin, 8 * kMostColumns);
  const size_t local = place - near_begin;
  const size_t first = FirstShown(line, local);
  Excerpt excerpt;
  const std::string before =
      (first + near_begin > 0 ? "..." : "") + Printable(line.substr(first, local - first));
  const std::string marked = Printable(line.substr(local, length));
  excerpt.source = TruncateToWidth(before + Printable(line.substr(local)), kMostColumns);
  excerpt.before = DisplayWidth(before);
  const size_t room = kMostColumns > excerpt.before ? kMostColumns - excerpt.before : 1;
  excerpt.underlined = std::clamp<size_t>(DisplayWidth(marked), 1, room);
  return excerpt;
}

std::string LineNumber(int32_t line) { return PadLeft(std::to_string(line), kGutter.size() - 3) + " | "; }

}  // namespace

void Diagnostics::Add(const SourcePosition& position, std::string message, std::string hint) {
  const auto is_same = [&](const Diagnostic& one) {
    return one.position == position && one.message == message;
  };
  if (kept_.size() < kMostKept) {
    if (std::any_of(kept_.begin(), kept_.end(), is_same)) return;
    kept_.push_back({position, std::move(message), std::move(hint)});
  }
  ++count_;
}

std::vector<Diagnostic> Diagnostics::Sorted() const {
  auto sorted = kept_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return Place(a) < Place(b); });
  return sorted;
}

std::string Diagnostics::Render(size_t limit) const {
  std::string out;
  const auto sorted = Sorted();
  const size_t shown = std::min(limit, sorted.size());
  for (size_t i = 0; i < shown; ++i) {
    const auto& [position, message, hint] = sorted[i];
    const auto file = static_cast<size_t>(position.file);
    const bool known = file < sources_.size();
    out += (known ? Printable(sources_[file].path) : "?") + ":" + std::to_string(position.line) + ":" +
           std::to_string(position.column) + ": " + Printable(message) + "\n";
    const std::string_view line = known ? LineOf(sources_[file].text, position.line) : std::string_view();
    const Excerpt excerpt = MakeExcerpt(line, position);
    if (!line.empty()) {
      out += LineNumber(position.line) + excerpt.source + "\n";
      out.append(kGutter).append(excerpt.before, ' ').append("^").append(excerpt.underlined - 1, '~');
      out += (hint.empty() ? "" : " " + Printable(hint)) + "\n";
    } else if (!hint.empty()) {
      out += std::string(kGutter) + Printable(hint) + "\n";
    }
  }
  if (shown < count_) out += "... and " + std::to_string(count_ - shown) + " more problems\n";
  return out;
}

Json Diagnostics::ToJson() const {
  Json list = Json::array();
  for (const auto& [position, message, hint] : Sorted()) {
    const auto file = static_cast<size_t>(position.file);
    Json entry = Json::object();
    entry["file"] = file < sources_.size() ? sources_[file].path : "";
    entry["line"] = position.line;
    entry["column"] = position.column;
    entry["length"] = position.length;
    entry["message"] = Printable(message);
    entry["hint"] = Printable(hint);
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace optfleet
