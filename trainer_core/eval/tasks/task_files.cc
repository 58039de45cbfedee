#include "trainer_core/eval/tasks/task_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "common/json.h"
#include "common/mapped_file.h"
#include "common/rundir/documents.h"
#include "trainer_core/eval/tasks/text_rules.h"

namespace optfleet::trainer {
namespace {

constexpr std::array<std::string_view, 6> kNames{"wikitext2", "text8", "enwik8", "lambada", "piqa", "text"};

constexpr size_t kWholeBytes = 100'000'000;  // of text8 and enwik8
constexpr size_t kTestBytes = 5'000'000;

tl::unexpected<Error> Bad(const std::string& place, const std::string& what) {
  return Fail(Code::kInvalidArgument, place + ": " + what);
}

// Calls `take` with each line, its end left out, and its number from 1, until that says false.
void ForEachLine(std::string_view text, const std::function<bool(std::string_view, int64_t)>& take) {
  int64_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (!take(text.substr(0, end), ++number)) return;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

using MakeDocument = std::function<Result<TextDocument>(const Json& line, const std::string& place)>;

Result<std::vector<TextDocument>> FromJsonLines(const TaskSource& source, std::string_view text,
                                                const MakeDocument& make) {
  std::vector<TextDocument> documents;
  Status status;
  ForEachLine(text, [&](std::string_view line, int64_t number) {
    if (Strip(line).empty()) return true;
    const std::string place = fmt::format("{}:{}", source.path, number);
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    auto document = json.is_object() ? make(json, place) : Bad(place, "is not a JSON object");
    if (!document.has_value()) {
      status = Fail(document.error());
      return false;
    }
    documents.push_back(std::move(*document));
    return source.limit == 0 || static_cast<int64_t>(documents.size()) < source.limit;
  });
  if (!status.has_value()) return Fail(status.error());
  if (documents.empty()) return Bad(source.path, "holds no documents");
  return documents;
}

Result<std::string> TextOf(const Json& line, const char* key, const std::string& place) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_string()) return Bad(place, fmt::format("has no text `{}`", key));
  return found->get<std::string>();
}

// The last word, and the space before it, are to be predicted.
Result<TextDocument> LambadaDocument(const Json& line, const std::string& place) {
  const auto text = TextOf(line, "text", place);
  if (!text.has_value()) return Fail(text.error());
  const size_t space = text->rfind(' ');
  TextDocument document;
  if (space == std::string::npos)
    document.requests = {MakeRequest("", " " + *text)};
  else
    document.requests = {MakeRequest(text->substr(0, space), text->substr(space))};
  return document;
}

class PiqaReader {
 public:
  explicit PiqaReader(const TaskSource& source) : source_(source) {}

  Result<TextDocument> Read(const Json& line, const std::string& place) {
    const auto goal = TextOf(line, "goal", place);
    const auto first = TextOf(line, "sol1", place);
    const auto second = TextOf(line, "sol2", place);
    for (const auto* text : {&goal, &first, &second})
      if (!text->has_value()) return Fail(text->error());
    const auto gold = Label(line, place);
    if (!gold.has_value()) return Fail(gold.error());
    TextDocument document;
    document.facts.gold = *gold;
    for (const std::string* choice : {&*first, &*second}) {
      document.requests.push_back(MakeRequest("Question: " + *goal + "\nAnswer:", " " + *choice));
      document.facts.lengths.push_back(static_cast<double>(CountCharacters(*choice)));
    }
    ++read_;
    return document;
  }

 private:
  Result<int64_t> Label(const Json& line, const std::string& place) {
    if (const auto label = line.find("label"); label != line.end()) {
      if (label->is_number_integer() && (*label == 0 || *label == 1)) return label->get<int64_t>();
      return Bad(place, "`label` must be 0 or 1");
    }
    if (labels_.empty()) OPTFLEET_RETURN_IF_ERROR(ReadLabels());
    if (read_ >= labels_.size()) return Bad(place, fmt::format("{} has no label for this line", LabelFile()));
    return labels_[read_];
  }

  std::string LabelFile() const {
    if (!source_.labels.empty()) return source_.labels;
    const size_t dot = source_.path.rfind('.');
    const size_t slash = source_.path.rfind('/');
    const bool has_end = dot != std::string::npos && (slash == std::string::npos || dot > slash);
    return source_.path.substr(0, has_end ? dot : source_.path.size()) + "-labels.lst";
  }

  Status ReadLabels() {
    const auto text = rundir::ReadWholeFile(LabelFile());
    if (!text.has_value()) return Fail(text.error().In("labels; name their file with --labels"));
    Status status;
    ForEachLine(*text, [&](std::string_view line, int64_t number) {
      const std::string_view label = Strip(line);
      if (label == "0" || label == "1")
        labels_.push_back(label == "1");
      else
        status = Bad(fmt::format("{}:{}", LabelFile(), number), "a label must be 0 or 1");
      return status.has_value();
    });
    return status;
  }

  const TaskSource& source_;
  std::vector<int64_t> labels_;
  size_t read_ = 0;
};

TextDocument WikiTextPage(std::string_view page) {
  TextDocument document;
  document.text = DetokenizeWikiText(page);
  document.facts.words = CountWords(page);
  document.facts.bytes = static_cast<int64_t>(page.size());
  return document;
}

// " = Title = ", and not the " = = " of a section.
bool IsTitle(std::string_view line) {
  line = Strip(line);
  return line.starts_with("= ") && line.ends_with(" =") && !line.starts_with("= =");
}

std::vector<TextDocument> WikiTextPages(const TaskSource& source, std::string_view text) {
  std::vector<TextDocument> documents;
  const auto is_full = [&] {
    return source.limit > 0 && static_cast<int64_t>(documents.size()) >= source.limit;
  };
  const char* begin = text.data();
  const char* const last = text.data() + text.size();
  const auto add_up_to = [&](const char* end) {
    std::string_view page(begin, static_cast<size_t>(end - begin));
    if (end != last && page.ends_with('\n')) page.remove_suffix(1);  // belongs to no page: it parts two
    if (!Strip(page).empty() && !is_full()) documents.push_back(WikiTextPage(page));
    begin = end;
  };
  ForEachLine(text, [&](std::string_view line, int64_t) {
    if (IsTitle(line)) add_up_to(line.data());
    return !is_full();
  });
  if (!is_full()) add_up_to(last);
  return documents;
}

Result<std::vector<TextDocument>> ReadWikiText(const TaskSource& source, std::string_view text) {
  if (!Strip(text.substr(0, 1024)).starts_with('{')) return WikiTextPages(source, text);
  return FromJsonLines(source, text, [](const Json& line, const std::string& place) -> Result<TextDocument> {
    const auto page = TextOf(line, "page", place);
    if (!page.has_value()) return Fail(page.error());
    return WikiTextPage(*page);
  });
}

std::vector<TextDocument> WholeFile(const TaskSource& source, std::string_view text) {
  if (source.task != "text" && text.size() == kWholeBytes) text = text.substr(kWholeBytes - kTestBytes);
  if (source.limit > 0) text = text.substr(0, static_cast<size_t>(source.limit));
  TextDocument document;
  document.text = text;
  document.facts.words = CountWords(text);
  document.facts.bytes = static_cast<int64_t>(text.size());
  return {document};
}

Result<std::vector<TextDocument>> ReadDocuments(const TaskSource& source, std::string_view text) {
  if (source.task == "lambada") return FromJsonLines(source, text, &LambadaDocument);
  if (source.task == "piqa") {
    PiqaReader reader(source);
    return FromJsonLines(
        source, text, [&](const Json& line, const std::string& place) { return reader.Read(line, place); });
  }
  return source.task == "wikitext2" ? ReadWikiText(source, text) : WholeFile(source, text);
}

}  // namespace

std::span<const std::string_view> TaskNames() { return kNames; }

Result<TextTask> ReadTask(const TaskSource& source) {
  const auto file = MappedFile::Open(source.path);
  if (!file.has_value()) return Fail(file.error());
  auto documents = ReadDocuments(source, (*file)->text());
  if (!documents.has_value()) return Fail(documents.error());
  if (documents->empty()) return Bad(source.path, "holds no documents");
  const Measure measure = source.task == "lambada" ? Measure::kWord
                          : source.task == "piqa"  ? Measure::kChoice
                                                   : Measure::kRolling;
  return TextTask{source.task, measure, std::move(*documents)};
}

}  // namespace optfleet::trainer
