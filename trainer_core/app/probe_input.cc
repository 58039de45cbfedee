#include "trainer_core/app/probe_input.h"

#include <fmt/format.h>

#include <map>

#include "common/json.h"
#include "common/text.h"

namespace optfleet::trainer {
namespace {

class TokenReader {
 public:
  TokenReader(const std::string& file, const spec::ModelSpec& model, Mistakes* mistakes)
      : file_(file), model_(model), mistakes_(mistakes) {}

  // Rows of one length, one after the other. Remembers the first row's length.
  std::vector<int64_t> Rows(const Json& json, const char* key) {
    std::vector<int64_t> values;
    const Json& rows = json[key];
    if (!rows.is_array() || rows.empty() || !rows[0].is_array() || rows[0].empty()) {
      Wrong(fmt::format("`{}` must be a list of lists of tokens", key));
      return values;
    }
    sequences_ = static_cast<int64_t>(rows.size());
    length_ = static_cast<int64_t>(rows[0].size());
    for (size_t row = 0; row < rows.size(); ++row) {
      if (!rows[row].is_array() || static_cast<int64_t>(rows[row].size()) != length_)
        Wrong(fmt::format("`{}[{}]` must be a list of {} tokens, like the first", key, row, length_));
      else
        for (size_t place = 0; place < rows[row].size(); ++place)
          values.push_back(Token(rows[row][place], fmt::format("{}[{}][{}]", key, row, place)));
    }
    return values;
  }

  void Wrong(const std::string& sentence) { mistakes_->push_back(file_ + ": " + sentence); }
  int64_t sequences() const { return sequences_; }
  int64_t length() const { return length_; }

 private:
  int64_t Token(const Json& json, const std::string& place) {
    if (json.is_number_integer() && json >= 0 && json < model_.vocab_size) return json.get<int64_t>();
    Wrong(fmt::format("`{}` is {}; tokens are whole numbers from 0 to {}", place, json.dump(),
                      model_.vocab_size - 1));
    return 0;
  }

  const std::string& file_;
  const spec::ModelSpec& model_;
  Mistakes* mistakes_;
  int64_t sequences_ = 0;
  int64_t length_ = 0;
};

// Cuts rows of one more token into inputs and targets.
ProbeTokens Shift(const std::vector<int64_t>& rows, int64_t sequences, int64_t row_length) {
  ProbeTokens tokens{sequences, row_length - 1, {}, {}};
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto place = static_cast<int64_t>(i) % row_length;
    if (place + 1 < row_length) tokens.inputs.push_back(rows[i]);
    if (place > 0) tokens.targets.push_back(rows[i]);
  }
  return tokens;
}

std::string Shape(const std::vector<int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::string Suggestion(const std::string& name, const std::vector<spec::Parameter>& parameters) {
  std::vector<std::string_view> names;
  for (const spec::Parameter& parameter : parameters) names.push_back(parameter.name);
  const auto nearest = NearestName(name, names);
  return nearest.has_value() ? fmt::format("; did you mean `{}`?", *nearest) : "";
}

}  // namespace

ProbeTokens ReadTokens(const std::string& file, std::string_view text, const spec::ModelSpec& model,
                       Mistakes* mistakes) {
  TokenReader reader(file, model, mistakes);
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool pairs = json.is_object() && json.contains("inputs") && json.contains("targets");
  if (!pairs && !(json.is_object() && json.contains("tokens"))) {
    reader.Wrong(R"(expected {"tokens": [[...]]} or {"inputs": [[...]], "targets": [[...]]})");
    return {};
  }
  ProbeTokens tokens;
  if (pairs) {
    tokens.targets = reader.Rows(json, "targets");
    tokens.sequences = reader.sequences();
    tokens.length = reader.length();
    tokens.inputs = reader.Rows(json, "inputs");
    if (tokens.sequences != reader.sequences() || tokens.length != reader.length())
      reader.Wrong(fmt::format("`inputs` are {} x {} tokens, `targets` {} x {}", reader.sequences(),
                               reader.length(), tokens.sequences, tokens.length));
  } else {
    const std::vector<int64_t> rows = reader.Rows(json, "tokens");
    if (reader.length() == 1) reader.Wrong("`tokens` need two or more a sequence: the last is only a target");
    if (reader.length() > 1) tokens = Shift(rows, reader.sequences(), reader.length());
  }
  if (tokens.length > model.context)
    reader.Wrong(
        fmt::format("a sequence has {} inputs, more than `model.context` {}", tokens.length, model.context));
  return tokens;
}

void CheckWeights(const std::string& file, const StoredTensors& stored,
                  const std::vector<spec::Parameter>& parameters, std::string_view type, Mistakes* mistakes) {
  std::map<std::string, const StoredTensor*> found;
  for (const StoredTensor& tensor : stored.tensors) found[tensor.name] = &tensor;
  for (const spec::Parameter& parameter : parameters) {
    const auto entry = found.find(parameter.name);
    if (entry == found.end()) {
      mistakes->push_back(fmt::format("{} lacks `{}` {}", file, parameter.name, Shape(parameter.shape)));
      continue;
    }
    const StoredTensor& tensor = *entry->second;
    if (tensor.shape != parameter.shape)
      mistakes->push_back(fmt::format("{}: `{}` is {}, the spec's model has {}", file, parameter.name,
                                      Shape(tensor.shape), Shape(parameter.shape)));
    if (tensor.type != type)
      mistakes->push_back(
          fmt::format("{}: `{}` holds {}, the spec trains {}", file, parameter.name, tensor.type, type));
    found.erase(entry);
  }
  for (const auto& [name, tensor] : found)
    mistakes->push_back(fmt::format("{} holds `{}` {}, which the spec's model has not{}", file, name,
                                    Shape(tensor->shape), Suggestion(name, parameters)));
}

}  // namespace optfleet::trainer
