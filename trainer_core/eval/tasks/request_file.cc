#include "trainer_core/eval/tasks/request_file.h"

#include <fmt/format.h>

#include "common/json.h"
#include "common/mapped_file.h"

namespace optfleet::trainer {
namespace {

constexpr const char* kFormat = "optfleet.requests";
constexpr int kVersion = 1;

Json ToJson(const TextDocument& document, Measure measure) {
  const DocumentFacts& facts = document.facts;
  if (measure == Measure::kRolling)
    return {{"text", document.text}, {"words", facts.words}, {"bytes", facts.bytes}};
  Json requests = Json::array();
  for (const auto& [context, continuation] : document.requests)
    requests.push_back({{"context", context}, {"continuation", continuation}});
  Json json = {{"requests", requests}};
  if (measure == Measure::kChoice) json.update({{"gold", facts.gold}, {"lengths", facts.lengths}});
  return json;
}

// Throws Json::exception where a document is not what it should be.
DocumentFacts FactsFrom(const Json& json, Measure measure) {
  DocumentFacts facts;
  if (measure == Measure::kChoice) {
    facts.gold = json.at("gold").get<int64_t>();
    facts.lengths = json.at("lengths").get<std::vector<double>>();
  }
  if (measure == Measure::kRolling) {
    facts.words = json.at("words").get<int64_t>();
    facts.bytes = json.at("bytes").get<int64_t>();
  }
  return facts;
}

TextDocument TextFrom(const Json& json, Measure measure) {
  TextDocument document{FactsFrom(json, measure), {}, {}};
  if (measure == Measure::kRolling)
    document.text = json.at("text").get<std::string>();
  else
    for (const Json& request : json.at("requests"))
      document.requests.push_back(
          {request.at("context").get<std::string>(), request.at("continuation").get<std::string>()});
  return document;
}

TokenDocument TokensFrom(const Json& json, Measure measure) {
  TokenDocument document{FactsFrom(json, measure), {}, {}};
  if (measure == Measure::kRolling)
    document.tokens = json.at("tokens").get<std::vector<int32_t>>();
  else
    for (const Json& request : json.at("requests"))
      document.requests.push_back({request.at("context").get<std::vector<int32_t>>(),
                                   request.at("continuation").get<std::vector<int32_t>>()});
  return document;
}

// What figures take for granted.
std::string WrongIn(const DocumentFacts& facts, size_t requests, Measure measure) {
  if (measure == Measure::kWord && requests != 1) return "a document of words has one request";
  if (measure == Measure::kRolling && facts.bytes < 1) return "`bytes` must be above 0";
  if (measure != Measure::kChoice) return "";
  if (requests == 0 || facts.lengths.size() != requests) return "there must be one of `lengths` per request";
  const bool known = facts.gold >= 0 && facts.gold < static_cast<int64_t>(requests);
  return known ? "" : "`gold` must be the index of a request";
}

std::string WrongIn(const TokenDocument& document) {
  for (const TokenRequest& request : document.requests)
    if (request.context.empty()) return "a context must have a token";
  return "";
}
std::string WrongIn(const TextDocument&) { return ""; }

Measure MeasureFrom(const Json& header) {
  const auto name = header.at("measure").get<std::string>();
  for (const Measure measure : {Measure::kWord, Measure::kChoice, Measure::kRolling})
    if (NameOf(measure) == name) return measure;
  throw std::runtime_error("unknown measure " + name);
}

class Reader {
 public:
  // The first line says what follows. Throws what is wrong.
  void ReadHeader(const Json& header) {
    if (header.at("format") != kFormat || header.at("version") != kVersion)
      throw std::runtime_error(fmt::format("is no {} file of version {}", kFormat, kVersion));
    encoded_ = header.at("encoded").get<bool>();
    text_.name = tokens_.name = header.at("task").get<std::string>();
    text_.measure = tokens_.measure = MeasureFrom(header);
    if (encoded_) tokens_.prefix = header.at("prefix").get<int32_t>();
  }

  void ReadDocument(const Json& json) {
    if (encoded_)
      Add(TokensFrom(json, tokens_.measure), &tokens_.documents);
    else
      Add(TextFrom(json, text_.measure), &text_.documents);
  }

  std::variant<TextTask, TokenTask> Take() {
    if (encoded_) return std::move(tokens_);
    return std::move(text_);
  }

 private:
  template <class Document>
  void Add(Document document, std::vector<Document>* documents) {
    std::string wrong = WrongIn(document.facts, document.requests.size(), tokens_.measure);
    if (wrong.empty()) wrong = WrongIn(document);
    if (!wrong.empty()) throw std::runtime_error(wrong);
    documents->push_back(std::move(document));
  }

  bool encoded_ = false;
  TextTask text_;
  TokenTask tokens_;
};

}  // namespace

Result<std::string> RequestFileOf(const TextTask& task) {
  std::string text = Json{{"format", kFormat},
                          {"version", kVersion},
                          {"task", task.name},
                          {"measure", NameOf(task.measure)},
                          {"encoded", false}}
                         .dump() +
                     "\n";
  for (size_t i = 0; i < task.documents.size(); ++i) {
    try {
      text += ToJson(task.documents[i], task.measure).dump() + "\n";
    } catch (const Json::exception&) {
      return Fail(
          Code::kInvalidArgument,
          fmt::format("document {} of {} is not UTF-8; a tokenizer cannot read it", i + 1, task.name));
    }
  }
  return text;
}

Result<std::variant<TextTask, TokenTask>> ReadRequestFile(const std::string& path) {
  const auto file = MappedFile::Open(path);
  if (!file.has_value()) return Fail(file.error());
  std::string_view rest = (*file)->text();
  Reader reader;
  for (int64_t number = 1; !rest.empty(); ++number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    try {
      const Json json = Json::parse(rest.substr(0, end));
      if (number == 1)
        reader.ReadHeader(json);
      else
        reader.ReadDocument(json);
    } catch (const std::exception& error) {
      return Fail(Code::kInvalidArgument, fmt::format("{}:{}: {}", path, number, error.what()));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return reader.Take();
}

}  // namespace optfleet::trainer
