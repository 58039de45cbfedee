#include "sweeps/document.h"

#include <algorithm>

#include "common/text.h"
#include "sweeps/grid_keys.h"
#include "sweeps/header_keys.h"
#include "sweeps/header_value.h"
#include "sweeps/leaf_reader.h"
#include "sweeps/replicates.h"
#include "sweeps/stages.h"

namespace optfleet::sweeps {
namespace {

constexpr size_t kLongestName = 200;

bool IsHeaderKey(std::string_view key) {
  const auto keys = HeaderNames();
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

class DocumentReader {
 public:
  explicit DocumentReader(const ReadContext& context) : context_(context), leaves_(context) {}

  Document Read(const YamlNode& root) {
    Document document;
    if (root.kind == YamlNode::Kind::kNull) return document;
    if (root.kind != YamlNode::Kind::kMap) {
      context_.diagnostics->Add(root.position, "a sweep file must be a map of keys",
                                "write `model:`, `optimizer:` and so on");
      return document;
    }
    for (const YamlEntry& entry : root.entries) {
      if (IsResourceKey(entry.key))
        ReadResources(entry, &document.resources, context_.diagnostics);
      else if (IsKeepKey(entry.key))
        ReadKeep(entry, &document.keep, context_.diagnostics);
      else if (IsHalvingKey(entry.key))
        ReadHalving(entry, &document.halving, context_.diagnostics);
      else if (IsStopKey(entry.key))
        ReadStop(entry, &document.stop, context_.diagnostics);
      else if (IsGuardKey(entry.key))
        ReadGuard(entry, &document.guard, context_.diagnostics);
      else if (IsSampleKey(entry.key))
        ReadSample(entry, &document.sample, context_.diagnostics);
      else if (IsGridKey(entry.key))
        ReadGridKey(entry, context_, &leaves_, &document.base, &document.exclusions);
      else if (IsHeaderKey(entry.key))
        ReadHeader(entry, &document);
      else
        leaves_.ReadEntry(entry, &document.base);
    }
    return document;
  }

 private:
  void ReadHeader(const YamlEntry& entry, Document* document) {
    if (entry.key == "sweep") return ReadBlocks(entry, document);
    if (entry.key == kStages) return ReadStages(entry, context_, &document->stages);
    if (entry.key == "equal_points") return ReadEqualPoints(entry, document);
    if (entry.key == kReplicates) return ReadReplicates(entry, &document->replicates, context_.diagnostics);
    auto text = ReadText(entry);
    if (!text) return;
    if (entry.key == "name") document->name = std::move(text);
    if (entry.key == "description") document->description = std::move(text);
    if (entry.key == "objective") ReadObjective(*text, entry.value.position, document);
  }

  void ReadEqualPoints(const YamlEntry& entry, Document* document) {
    if (!IsOneValue(entry, context_.diagnostics)) return;
    if (entry.value.text == "keep" || entry.value.text == "merge")
      document->keeps_equal_points = entry.value.text == "keep";
    else
      AddWrongValue(entry, "merge or keep", context_.diagnostics);
  }

  std::optional<std::string> ReadText(const YamlEntry& entry) {
    if (entry.value.kind != YamlNode::Kind::kScalar) {
      context_.diagnostics->Add(entry.key_position, "`" + entry.key + "` must be a text");
      return std::nullopt;
    }
    auto text = context_.references->Resolve(entry.value.text, entry.value.position, context_.diagnostics);
    if (text && entry.key == "name" && (text->empty() || text->size() > kLongestName)) {
      context_.diagnostics->Add(entry.value.position, "`name` must be a text of 1 to " +
                                                          std::to_string(kLongestName) + " bytes, found " +
                                                          std::to_string(text->size()));
      return std::nullopt;
    }
    return text;
  }

  void ReadObjective(const std::string& text, const SourcePosition& position, Document* document) {
    if (auto objective = ParseObjective(text)) {
      document->objective = std::move(objective);
      return;
    }
    context_.diagnostics->Add(
        position,
        "`objective` must be the key of a metric, such as val_loss, found " + TruncateToWidth(text, 60),
        "as val_loss, or tokens_per_second maximize");
  }

  void ReadBlocks(const YamlEntry& entry, Document* document) {
    if (!context_.takes_blocks) {
      context_.diagnostics->Add(entry.key_position, "`sweep` cannot be set here",
                                "override the keys of a spec instead");
      return;
    }
    document->blocks.emplace();
    document->blocks_position = entry.key_position;
    if (entry.value.kind != YamlNode::Kind::kSequence) {
      context_.diagnostics->Add(entry.key_position, "`sweep` must be a list of blocks",
                                "begin each block with `- `");
      return;
    }
    if (entry.value.items.empty())
      context_.diagnostics->Add(entry.value.position, "`sweep` has no blocks",
                                "remove it to train the keys above as they are, or add a block");
    for (const YamlNode& item : entry.value.items) document->blocks->push_back(ReadBlock(item));
  }

  Block ReadBlock(const YamlNode& item) {
    Block block{{}, item.position};
    if (item.kind != YamlNode::Kind::kMap) {
      context_.diagnostics->Add(
          item.position, "a block of `sweep` must be a map of keys",
          "write keys such as `optimizer.name: adamw`; `{}` stands for the keys above alone");
      return block;
    }
    for (const YamlEntry& entry : item.entries) {
      if (IsGridKey(entry.key))
        ReadGridKey(entry, context_, &leaves_, &block.leaves, &block.exclusions);
      else if (IsHeaderKey(entry.key) || IsResourceKey(entry.key) || IsKeepKey(entry.key) ||
               IsHalvingKey(entry.key) || IsStopKey(entry.key) || IsGuardKey(entry.key) ||
               IsSampleKey(entry.key))
        context_.diagnostics->Add(entry.key_position, "`" + entry.key + "` cannot stand in a block",
                                  "move it to the top level of the file");
      else
        leaves_.ReadEntry(entry, &block.leaves);
    }
    return block;
  }

  const ReadContext& context_;
  LeafReader leaves_;
};

}  // namespace

Document ReadDocument(const YamlNode& root, const ReadContext& context) {
  return DocumentReader(context).Read(root);
}

}  // namespace optfleet::sweeps
