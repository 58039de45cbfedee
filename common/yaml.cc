#include "common/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <stdexcept>
#include <unordered_map>

#include "common/text.h"

namespace optfleet {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kNoAliases = "Optfleet's YAML has no anchors and aliases; write the value out";

// Ends a parse that broke a limit.
struct Stop : std::runtime_error {
  Stop(const SourcePosition& at, const std::string& message) : std::runtime_error(message), position(at) {}
  SourcePosition position;
};

// Finds places in the text: lines by number, lengths of scalars.
class Places {
 public:
  Places(int32_t file, std::string_view text) : file_(file), text_(text) {
    line_begins_.push_back(0);
    for (size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') line_begins_.push_back(i + 1);
  }

  // yaml-cpp counts from 0 and does not see a byte order mark.
  SourcePosition At(const YAML::Mark& mark) const {
    const bool after_mark = mark.line <= 0 && text_.starts_with(kByteOrderMark);
    const int skipped = after_mark ? static_cast<int>(kByteOrderMark.size()) : 0;
    return {file_, std::max(mark.line, 0) + 1, std::max(mark.column, 0) + skipped + 1, 1};
  }

  SourcePosition OfScalar(const YAML::Mark& mark, bool quoted, const std::string& value) const {
    SourcePosition position = At(mark);
    const std::string_view rest = RestOfLine(position);
    size_t length = std::min(value.size(), rest.size());
    if (quoted) length = QuotedLength(rest);
    position.length = static_cast<int32_t>(std::max<size_t>(length, 1));
    return position;
  }

 private:
  std::string_view RestOfLine(const SourcePosition& position) const {
    const auto line = static_cast<size_t>(position.line) - 1;
    if (line >= line_begins_.size()) return "";
    const size_t begin = line_begins_[line] + static_cast<size_t>(position.column) - 1;
    size_t end = line + 1 < line_begins_.size() ? line_begins_[line + 1] - 1 : text_.size();
    if (begin >= end) return "";
    if (text_[end - 1] == '\r') --end;
    return text_.substr(begin, end - begin);
  }

  // To the closing quote on this line, quotes included; a block of text has none.
  static size_t QuotedLength(std::string_view rest) {
    if (rest.empty() || (rest[0] != '"' && rest[0] != '\'')) return 1;
    for (size_t i = 1; i < rest.size(); ++i) {
      if (rest[0] == '"' && rest[i] == '\\')
        ++i;
      else if (rest[i] == rest[0])
        return i + 1;
    }
    return rest.size();
  }

  int32_t file_;
  std::string_view text_;
  std::vector<size_t> line_begins_;
};

YamlNode Node(YamlNode::Kind kind, const SourcePosition& position) {
  YamlNode node;
  node.kind = kind;
  node.position = position;
  return node;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const Places& places, Diagnostics* diagnostics) : places_(places), diagnostics_(diagnostics) {}

  YamlNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    diagnostics_->Add(places_.At(mark), "anchors are not allowed", std::string(kNoAliases));
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    AddLeaf(Node(YamlNode::Kind::kNull, places_.At(mark)));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    diagnostics_->Add(places_.At(mark), "aliases are not allowed", std::string(kNoAliases));
    AddLeaf(Node(YamlNode::Kind::kScalar, places_.At(mark)));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    const bool quoted = tag == "!";
    const SourcePosition position = places_.OfScalar(mark, quoted, value);
    RefuseTag(tag, position);
    YamlNode node = Node(YamlNode::Kind::kScalar, position);
    node.text = value;
    node.quoted = quoted;
    AddLeaf(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open(Node(YamlNode::Kind::kSequence, places_.At(mark)), tag);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open(Node(YamlNode::Kind::kMap, places_.At(mark)), tag);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapEnd() override { Close(); }

 private:
  // A sequence or map whose end has not come yet.
  struct OpenNode {
    YamlNode node;
    std::optional<YamlEntry> entry;  // in a map: its key has been read, its value comes next
    bool is_repeat = false;          // the entry's key stands in the map already
    std::unordered_map<std::string, int32_t> key_lines;
  };

  void RefuseTag(const std::string& tag, const SourcePosition& position) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    diagnostics_->Add(position, "tags such as `" + tag.substr(0, 40) + "` are not allowed", "remove the tag");
  }

  void CountNode(const SourcePosition& position) {
    if (++nodes_ > kMostYamlNodes)
      throw Stop(position, "more than " + FormatCount(kMostYamlNodes) + " values in one file");
  }

  void AddLeaf(YamlNode node) {
    CountNode(node.position);
    Place(std::move(node));
  }

  void Open(YamlNode node, const std::string& tag) {
    CountNode(node.position);
    RefuseTag(tag, node.position);
    if (open_.size() >= kMostYamlDepth)
      throw Stop(node.position, "nested deeper than " + std::to_string(kMostYamlDepth) + " levels");
    open_.push_back({.node = std::move(node), .entry = {}, .is_repeat = false, .key_lines = {}});
  }

  void Close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    Place(std::move(node));
  }

  // Gives a finished node to the node that it stands in.
  void Place(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kSequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.entry) {
      BeginEntry(std::move(node), &parent);
    } else {
      parent.entry->value = std::move(node);
      if (!parent.is_repeat) parent.node.entries.push_back(std::move(*parent.entry));
      parent.entry.reset();
    }
  }

  void BeginEntry(YamlNode key, OpenNode* map) {
    if (key.kind != YamlNode::Kind::kScalar) {
      diagnostics_->Add(key.position, "a key must be a name", "write `name: value`");
      key.text.clear();
    }
    map->entry = YamlEntry{key.text, key.position, {}};
    const auto [first, is_new] = map->key_lines.emplace(key.text, key.position.line);
    map->is_repeat = !is_new;
    if (map->is_repeat && key.kind == YamlNode::Kind::kScalar)
      diagnostics_->Add(key.position,
                        "`" + TruncateToWidth(key.text, 60) + "` is given twice, first in line " +
                            std::to_string(first->second),
                        "keep one of them");
  }

  const Places& places_;
  Diagnostics* diagnostics_;
  YamlNode root_;
  std::vector<OpenNode> open_;
  size_t nodes_ = 0;
};

// Finds what is no text of a YAML file: control characters, bytes that are not UTF-8.
bool CheckCharacters(int32_t file, std::string_view text, Diagnostics* diagnostics) {
  SourcePosition position{file, 1, 1, 1};
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text, at);
    const bool ends_line = point.value == '\n';
    const bool allowed =
        ends_line || point.value == '\t' || (point.value == '\r' && text.substr(at + 1, 1) == "\n");
    const bool malformed = point.value == 0xFFFD && point.bytes == 1;
    if (malformed || (!allowed && (point.value < 0x20 || point.value == 0x7F))) {
      diagnostics->Add(position,
                       malformed ? "the file is not UTF-8 text" : "a control character stands in the file",
                       "save the file as UTF-8 text");
      return false;
    }
    at += point.bytes;
    position.column += static_cast<int32_t>(point.bytes);
    if (ends_line) position = {file, position.line + 1, 1, 1};
  }
  return true;
}

std::optional<YamlNode> Parse(std::string_view text, const Places& places, Diagnostics* diagnostics) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  TreeBuilder builder(places, diagnostics);
  if (!parser.HandleNextDocument(builder)) return Node(YamlNode::Kind::kNull, places.At(YAML::Mark()));
  YamlNode root = builder.TakeRoot();
  TreeBuilder second(places, diagnostics);
  if (parser.HandleNextDocument(second))
    diagnostics->Add(second.TakeRoot().position, "a second document begins here",
                     "a file holds one; remove the line `---`");
  return root;
}

}  // namespace

std::optional<YamlNode> ParseYaml(int32_t file, std::string_view text, Diagnostics* diagnostics) {
  if (text.size() > kMostYamlBytes) {
    diagnostics->Add({.file = file}, "the file is larger than " + FormatBytes(kMostYamlBytes));
    return std::nullopt;
  }
  if (!CheckCharacters(file, text, diagnostics)) return std::nullopt;
  const Places places(file, text);
  try {
    return Parse(text, places, diagnostics);
  } catch (const Stop& stop) {
    diagnostics->Add(stop.position, stop.what());
  } catch (const YAML::Exception& error) {
    diagnostics->Add(places.At(error.mark), "not valid YAML: " + error.msg);
  }
  return std::nullopt;
}

}  // namespace optfleet
