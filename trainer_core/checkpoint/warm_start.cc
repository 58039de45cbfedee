#include "trainer_core/checkpoint/warm_start.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "common/checksum.h"
#include "common/content_stamp.h"
#include "common/mapped_file.h"
#include "spec/start_layers.h"
#include "trainer_core/checkpoint/checkpoint_folder.h"
#include "trainer_core/checkpoint/element_type.h"
#include "trainer_core/checkpoint/safetensors.h"
#include "trainer_core/checkpoint/token_map.h"

namespace optfleet::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlocks = "blocks.";

bool IsVocabulary(std::string_view name) {
  return name == "token_embedding.weight" || name == "output.weight" || name == "output.bias";
}

// The layer in "blocks.3.norm1.weight"; nothing for other names.
std::optional<int64_t> LayerOf(std::string_view name) {
  if (!name.starts_with(kBlocks)) return std::nullopt;
  const std::string_view digits =
      name.substr(kBlocks.size(), name.find('.', kBlocks.size()) - kBlocks.size());
  if (digits.empty() || digits.size() > 7 || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  return std::stoll(std::string(digits));
}

std::string InLayer(std::string_view name, int64_t layer) {
  const size_t behind = name.find('.', kBlocks.size());
  return std::string(kBlocks) + std::to_string(layer) + std::string(name.substr(behind));
}

std::string Shape(const std::vector<int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

int64_t Count(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return count;
}

class Filler {
 public:
  Filler(const spec::TrainingSpec& spec, std::string path, std::string_view file, StoredTensors stored)
      : spec_(spec.start),
        model_(spec.model),
        data_(file.substr(static_cast<size_t>(stored.data_offset))),
        stored_(std::move(stored)) {
    report_.file = std::move(path);
    for (const StoredTensor& tensor : stored_.tensors) by_name_[tensor.name] = &tensor;
  }

  Result<StartReport> Fill(const std::vector<HostTensor>& tensors) {
    OPTFLEET_RETURN_IF_ERROR(ReadLayers());
    for (const HostTensor& tensor : tensors) {
      if (!Chosen(tensor.name)) continue;
      const StoredTensor* source = Find(tensor.name);
      if (source == nullptr) {
        Differ("{} is not in the file", tensor.name);
        continue;
      }
      used_.insert(source->name);
      auto filled = FillOne(*source, tensor);
      if (!filled.has_value()) return Fail(filled.error());
      if (*filled) ++report_.taken;
    }
    for (const StoredTensor& tensor : stored_.tensors)
      if (!used_.contains(tensor.name) && Chosen(tensor.name)) Differ("the model has no {}", tensor.name);
    report_.begun_anew = static_cast<int64_t>(tensors.size()) - report_.taken;
    if (spec_.strict && !report_.differences.empty()) return Refuse(tensors.size());
    return report_;
  }

 private:
  template <typename... Values>
  void Differ(fmt::format_string<Values...> what, Values&&... values) {
    report_.differences.push_back(fmt::format(what, std::forward<Values>(values)...));
  }

  bool Chosen(std::string_view name) const {
    return MatchesAny(spec_.include, name) && !MatchesAny(spec_.exclude, name);
  }

  Status ReadLayers() {
    int64_t available = 0;
    for (const StoredTensor& tensor : stored_.tensors)
      available = std::max(available, LayerOf(tensor.name).value_or(-1) + 1);
    auto layers = spec::SourceLayers(spec_.layers, model_.layers, available);
    if (!layers.has_value())
      return Fail(Code::kFailedPrecondition, "`start.layers` " + layers.error() + " (" + report_.file + ")");
    layers_ = std::move(*layers);
    return {};
  }

  const StoredTensor* Find(const std::string& name) const {
    const auto layer = LayerOf(name);
    const bool mapped = layer && static_cast<size_t>(*layer) < layers_.size();
    const std::string wanted = mapped ? InLayer(name, layers_[static_cast<size_t>(*layer)]) : name;
    auto found = by_name_.find(wanted);
    if (found == by_name_.end() && name == "output.weight") found = by_name_.find("token_embedding.weight");
    return found == by_name_.end() ? nullptr : found->second;
  }

  const char* Bytes(const StoredTensor& source) const { return data_.data() + source.begin; }

  // Whether the tensor now comes from the file.
  Result<bool> FillOne(const StoredTensor& source, const HostTensor& target) {
    if (!IsFloatType(source.type)) {
      Differ("{} is {} in the file, which is no weight", target.name, source.type);
      return false;
    }
    const bool other_rows = source.shape != target.shape || spec_.token_map != spec::kNoFile;
    if (!IsVocabulary(target.name) || !other_rows) {
      if (source.shape != target.shape) {
        Differ("{} is {} in the file and {} in the model", target.name, Shape(source.shape),
               Shape(target.shape));
        return false;
      }
      CopyElements(source, 0, target, 0, Count(target.shape));
      return true;
    }
    return FillRows(source, target);
  }

  Result<bool> FillRows(const StoredTensor& source, const HostTensor& target) {
    const std::vector<int64_t> row(source.shape.begin() + (source.shape.empty() ? 0 : 1), source.shape.end());
    const bool same_row = source.shape.size() == target.shape.size() && !source.shape.empty() &&
                          std::equal(row.begin(), row.end(), target.shape.begin() + 1);
    if (!same_row || spec_.new_rows == spec::NewRows::kRefuse) {
      Differ("{} is {} in the file and {} in the model{}", target.name, Shape(source.shape),
             Shape(target.shape), same_row ? " (`start.new_rows` refuses another vocabulary)" : "");
      return false;
    }
    auto map = ReadMap(source.shape.front(), target.shape.front());
    if (!map.has_value()) return Fail(map.error());
    const int64_t elements = Count(row);
    for (int64_t id = 0; id < target.shape.front(); ++id) {
      const int64_t from = (*map)[static_cast<size_t>(id)];
      if (from >= 0) CopyElements(source, from * elements, target, id * elements, elements);
    }
    if (spec_.new_rows == spec::NewRows::kMean) FillWithMean(source, elements, *map, target);
    ++report_.resized;
    return true;
  }

  Result<TokenMap> ReadMap(int64_t old_size, int64_t new_size) const {
    if (spec_.token_map == spec::kNoFile) return SameTokens(old_size, new_size);
    auto text = rundir::ReadWholeFile(spec_.token_map);
    if (!text.has_value()) return Fail(text.error().In("start.token_map"));
    auto map = ParseTokenMap(*text, old_size, new_size);
    if (!map.has_value()) return Fail(map.error().In("start.token_map " + spec_.token_map));
    return map;
  }

  void CopyElements(const StoredTensor& source, int64_t from, const HostTensor& target, int64_t to,
                    int64_t count) const {
    const char* bytes = Bytes(source);
    if (source.type == target.type) {
      const int64_t size = ElementBytes(source.type);
      std::memcpy(target.data + to * size, bytes + from * size, static_cast<size_t>(count * size));
      return;
    }
    for (int64_t i = 0; i < count; ++i)
      WriteElement(target.type, target.data, to + i, ReadElement(source.type, bytes, from + i));
  }

  // Of all rows of the file, added in fp64 in their order.
  void FillWithMean(const StoredTensor& source, int64_t elements, const TokenMap& map,
                    const HostTensor& target) const {
    const int64_t rows = source.shape.front();
    std::vector<double> mean(static_cast<size_t>(elements), 0.0);
    for (int64_t i = 0; i < rows * elements; ++i)
      mean[static_cast<size_t>(i % elements)] += ReadElement(source.type, Bytes(source), i);
    for (double& value : mean) value /= static_cast<double>(rows);
    for (size_t id = 0; id < map.size(); ++id) {
      if (map[id] >= 0) continue;
      for (int64_t i = 0; i < elements; ++i)
        WriteElement(target.type, target.data, static_cast<int64_t>(id) * elements + i,
                     mean[static_cast<size_t>(i)]);
    }
  }

  tl::unexpected<Error> Refuse(size_t parameters) const {
    const auto& all = report_.differences;
    return Fail(
        Code::kFailedPrecondition,
        fmt::format("start.weights {} does not match the model: {} of its {} parameters would come from "
                    "it, {} difference{}:\n  {}\nchoose with `start.include` and `start.exclude`, "
                    "or set `start.strict` to false",
                    report_.file, report_.taken, parameters, all.size(), all.size() == 1 ? "" : "s",
                    fmt::join(all, "\n  ")));
  }

  const spec::StartSpec& spec_;
  const spec::ModelSpec& model_;
  const std::string_view data_;
  const StoredTensors stored_;
  std::map<std::string, const StoredTensor*, std::less<>> by_name_;
  std::vector<int64_t> layers_;
  std::set<std::string> used_;
  StartReport report_;
};

// Of a folder the weights of its checkpoint.
Result<std::string> FileOf(const spec::StartSpec& start) {
  std::error_code error;
  if (!fs::is_directory(start.weights, error)) return start.weights;
  auto folder = CheckpointOfStart(start);
  if (!folder.has_value()) return Fail(folder.error());
  return *folder + "/weights.safetensors";
}

bool Matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*')
    return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
           Matches(pattern.substr(1), text.substr(1));
  for (size_t skipped = 0; skipped <= text.size(); ++skipped)
    if (Matches(pattern.substr(1), text.substr(skipped))) return true;
  return false;
}

}  // namespace

std::string FingerprintText(const DataFingerprint& fingerprint) {
  return StampText(fingerprint.crc32c, fingerprint.size);
}

bool MatchesAny(std::string_view patterns, std::string_view name) {
  while (!patterns.empty()) {
    const size_t comma = std::min(patterns.find(','), patterns.size());
    std::string_view pattern = patterns.substr(0, comma);
    patterns.remove_prefix(std::min(comma + 1, patterns.size()));
    while (pattern.starts_with(' ')) pattern.remove_prefix(1);
    while (pattern.ends_with(' ')) pattern.remove_suffix(1);
    if (Matches(pattern, name)) return true;
  }
  return false;
}

Result<std::string> CheckpointOfStart(const spec::StartSpec& start) {
  std::error_code error;
  if (!fs::is_directory(start.weights, error))
    return Fail(Code::kFailedPrecondition,
                "`start.optimizer` needs a checkpoint, but start.weights " + start.weights + " is no folder");
  std::vector<std::string> damaged;
  auto chosen = ChooseCheckpoint(start.weights, &damaged);
  // Not the one before: whoever names a checkpoint to begin with means its weights.
  if (!damaged.empty()) return Fail(Error(Code::kDataLoss, damaged.front()).In("start.weights"));
  if (!chosen.has_value()) return Fail(chosen.error().In("start.weights"));
  return chosen->path;
}

Result<StartReport> StartFrom(const spec::TrainingSpec& spec, const std::vector<HostTensor>& tensors) {
  auto path = FileOf(spec.start);
  if (!path.has_value()) return Fail(path.error());
  auto file = MappedFile::Open(*path);
  if (!file.has_value()) return Fail(file.error().In("start.weights"));
  const std::string_view bytes = (*file)->text();
  const DataFingerprint found{static_cast<int64_t>(bytes.size()), Crc32c(bytes)};
  if (spec.start.fingerprint != "any" && spec.start.fingerprint != FingerprintText(found))
    return Fail(Code::kFailedPrecondition,
                fmt::format("start.weights {} is {}, not the {} of `start.fingerprint`", *path,
                            FingerprintText(found), spec.start.fingerprint));
  auto stored = DecodeHeader((*file)->text());
  if (!stored.has_value()) return Fail(stored.error().In("start.weights " + *path));
  auto report = Filler(spec, *path, (*file)->text(), std::move(*stored)).Fill(tensors);
  if (report.has_value()) report->fingerprint = found;
  return report;
}

}  // namespace optfleet::trainer
