// Files of tasks, what a model is asked, and what its answers amount to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "tests/trainer_core/temporary_folder.h"
#include "trainer_core/eval/tasks/figures.h"
#include "trainer_core/eval/tasks/request_file.h"
#include "trainer_core/eval/tasks/task_files.h"

namespace optfleet::trainer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int32_t kPrefix = 10;

class TasksTest : public testing::Test {
 protected:
  Result<TextTask> Read(const std::string& task, const std::string& file, const std::string& text,
                        int64_t limit = 0) {
    return ReadTask({task, folder_.Write(file, text), "", limit});
  }
  std::string Refusal(const std::string& task, const std::string& text) {
    const auto read = Read(task, "bad.jsonl", text);
    EXPECT_FALSE(read.has_value());
    return read.has_value() ? "" : read.error().message();
  }
  TemporaryFolder folder_;
};

TEST_F(TasksTest, LambadaAsksForTheLastWordAndItsSpace) {
  const auto task = Read("lambada", "lambada.jsonl",
                         "{\"text\": \"she opened the door\"}\n\n"
                         "{\"domain\": \"novel\", \"text\": \"two  spaces\"}\n{\"text\": \"word\"}\n");
  ASSERT_TRUE(task.has_value()) << task.error().message();
  EXPECT_EQ(task->measure, Measure::kWord);
  ASSERT_EQ(task->documents.size(), 3u);
  EXPECT_THAT(task->documents[0].requests, ElementsAre(TextRequest{"she opened the", " door"}));
  // White space that a context would end in goes to the continuation.
  EXPECT_THAT(task->documents[1].requests, ElementsAre(TextRequest{"two", "  spaces"}));
  EXPECT_THAT(task->documents[2].requests, ElementsAre(TextRequest{"", " word"}));
}

TEST_F(TasksTest, PiqaAsksForBothSolutionsWithLabelsBesideThem) {
  folder_.Write("valid-labels.lst", "1\n0\n");
  const auto task = Read("piqa", "valid.jsonl",
                         "{\"goal\": \"Boil eggs\", \"sol1\": \"na\u00efve\", \"sol2\": \"in water\"}\n"
                         "{\"goal\": \"Rest\", \"sol1\": \"sit\", \"sol2\": \"run\", \"label\": 1}\n"
                         "{\"goal\": \"Go\", \"sol1\": \"on\", \"sol2\": \"off\"}\n",
                         2);
  ASSERT_TRUE(task.has_value()) << task.error().message();
  ASSERT_EQ(task->documents.size(), 2u);
  EXPECT_THAT(task->documents[0].requests,
              ElementsAre(TextRequest{"Question: Boil eggs\nAnswer:", " na\u00efve"},
                          TextRequest{"Question: Boil eggs\nAnswer:", " in water"}));
  EXPECT_THAT(task->documents[0].facts.lengths, ElementsAre(5, 8));
  EXPECT_EQ(task->documents[0].facts.gold, 1);
  EXPECT_EQ(task->documents[1].facts.gold, 1);  // its own label, not the file's
}

TEST_F(TasksTest, MistakesNameFileAndLine) {
  EXPECT_THAT(Refusal("lambada", "{\"text\": \"a b\"}\n{\"txt\": \"c\"}\n"),
              HasSubstr("bad.jsonl:2: has no text"));
  EXPECT_THAT(Refusal("lambada", "[1]\n"), HasSubstr("bad.jsonl:1: is not a JSON object"));
  EXPECT_THAT(Refusal("piqa", "{\"goal\": \"a\", \"sol1\": \"b\", \"sol2\": \"c\"}\n"),
              HasSubstr("--labels"));
  folder_.Write("bad-labels.lst", "0\n");
  const std::string line = "{\"goal\": \"a\", \"sol1\": \"b\", \"sol2\": \"c\"}\n";
  EXPECT_THAT(Refusal("piqa", line + line), HasSubstr("has no label for this line"));
  folder_.Write("bad-labels.lst", "0\n2\n");
  EXPECT_THAT(Refusal("piqa", line), HasSubstr("bad-labels.lst:2: a label must be 0 or 1"));
  EXPECT_THAT(Refusal("wikitext2", "\n\n"), HasSubstr("holds no documents"));
}

TEST_F(TasksTest, WikiTextIsCutAtTitlesAndCountedAsItWas) {
  const std::string raw =
      " \n = One = \n \n It was , he said . \n \n = = Part = = \n text \n = Two = \n more \n";
  const auto task = Read("wikitext2", "wiki.test.raw", raw);
  ASSERT_TRUE(task.has_value()) << task.error().message();
  ASSERT_EQ(task->documents.size(), 2u);
  const TextDocument& one = task->documents[0];
  EXPECT_EQ(one.facts.bytes, static_cast<int64_t>(std::string(" = One = \n \n It was , he said . \n \n = = "
                                                              "Part = = \n text ")
                                                      .size()));
  EXPECT_EQ(one.facts.words, 17);
  EXPECT_THAT(one.text, HasSubstr("It was, he said"));
  EXPECT_THAT(one.text, HasSubstr("== Part =="));
  EXPECT_EQ(Read("wikitext2", "wiki.test.raw", raw, 1)->documents.size(), 1u);

  const auto pages = Read("wikitext2", "pages.jsonl", "{\"page\": \" = One = \\n It was , he said . \"}\n");
  ASSERT_TRUE(pages.has_value()) << pages.error().message();
  EXPECT_EQ(pages->documents[0].facts.words, 11);
}

TEST_F(TasksTest, AWholeFileIsOneDocument) {
  const auto text8 = Read("text8", "text8", "some words here");
  EXPECT_EQ(text8->documents[0].text, "some words here");
  EXPECT_EQ(text8->documents[0].facts.words, 3);
  EXPECT_EQ(Read("text", "t", "some words here", 7)->documents[0].facts.bytes, 7);
}

// Five windows of 3 over 13 tokens would be 3 3 3 3 1; the last sees as much as fits before it.
TEST(RollingWindows, PredictEveryTokenOnce) {
  std::vector<int32_t> tokens(13);
  std::iota(tokens.begin(), tokens.end(), 100);
  const auto windows = RollingWindows(tokens, kPrefix, 3);
  ASSERT_EQ(windows.size(), 5u);
  EXPECT_EQ(windows[0], (TokenRequest{{kPrefix}, {100, 101, 102}}));
  EXPECT_EQ(windows[1], (TokenRequest{{102}, {103, 104, 105}}));
  EXPECT_EQ(windows[4], (TokenRequest{{109, 110, 111}, {112}}));
  std::vector<int32_t> predicted;
  for (const auto& window : windows)
    predicted.insert(predicted.end(), window.continuation.begin(), window.continuation.end());
  EXPECT_EQ(predicted, tokens);
  EXPECT_THAT(RollingWindows({1, 2}, kPrefix, 8), ElementsAre(TokenRequest{{kPrefix}, {1, 2}}));
  EXPECT_TRUE(RollingWindows({}, kPrefix, 8).empty());
}

TEST(EncodeBytes, GivesAContextWhereThereIsNone) {
  TextTask task{"lambada", Measure::kWord, {{}, {}}};
  task.documents[0].requests = {{"", " x"}};
  task.documents[1].requests = {{"", "\nx"}};
  const TokenTask encoded = EncodeBytes(task, kPrefix);
  EXPECT_THAT(encoded.documents[0].requests, ElementsAre(TokenRequest{{kPrefix}, {' ', 'x'}}));
  EXPECT_THAT(encoded.documents[1].requests, ElementsAre(TokenRequest{{kPrefix}, {'x'}}));
}

// Answers each request with the numbers given, in their order.
ScoreRequests Answering(std::vector<RequestScore> scores) {
  return [scores](std::span<const TokenRequest> requests) -> Result<std::vector<RequestScore>> {
    EXPECT_EQ(requests.size(), scores.size());
    return scores;
  };
}

std::map<std::string_view, double> FiguresBy(const TokenTask& task, const std::vector<RequestScore>& scores) {
  const auto result = RunTask(task, 8, Answering(scores));
  return {result->figures.begin(), result->figures.end()};
}

TEST(Figures, OfWords) {
  TokenTask task{"lambada", Measure::kWord, kPrefix, {}};
  task.documents = {{{}, {{{1}, {2}}}, {}}, {{}, {{{1}, {2}}}, {}}};
  const auto figures = FiguresBy(task, {{-1.0, true}, {-4.0, false}});
  EXPECT_EQ(figures.at("acc"), 0.5);
  EXPECT_DOUBLE_EQ(figures.at("acc_stderr"), 0.5);
  EXPECT_DOUBLE_EQ(figures.at("perplexity"), std::exp(2.5));  // per word, not per token
}

TEST(Figures, OfChoicesWithAndWithoutTheirLengths) {
  TokenTask task{"piqa", Measure::kChoice, kPrefix, {}};
  TokenDocument document{
      {.gold = 1, .lengths = {4, 10}, .words = 0, .bytes = 0}, {{{1}, {2}}, {{1}, {3}}}, {}};
  task.documents = {document, document};
  // -3 beats -5; by character -0.5 beats -0.75.
  const auto figures = FiguresBy(task, {{-3.0, false}, {-5.0, false}, {-9.0, false}, {-9.0, false}});
  EXPECT_EQ(figures.at("acc"), 0);  // of equal ones the first counts
  EXPECT_EQ(figures.at("acc_norm"), 1);
}

TEST(Figures, OfTextByWordsBytesAndTokens) {
  TokenTask task{"text", Measure::kRolling, kPrefix, {}};
  task.documents = {{{.gold = 0, .lengths = {}, .words = 2, .bytes = 12}, {}, {1, 2, 3, 4}}};
  const auto figures = FiguresBy(task, {{-6.0, false}});
  EXPECT_DOUBLE_EQ(figures.at("word_perplexity"), std::exp(3.0));
  EXPECT_DOUBLE_EQ(figures.at("byte_perplexity"), std::exp(0.5));
  EXPECT_DOUBLE_EQ(figures.at("bits_per_byte"), 0.5 / std::log(2.0));
  EXPECT_DOUBLE_EQ(figures.at("token_perplexity"), std::exp(1.5));
}

TEST_F(TasksTest, RequestFilesBringTextsBackAsTheyWere) {
  folder_.Write("valid-labels.lst", "1\n");
  for (const auto& [name, text] : std::map<std::string, std::string>{
           {"piqa", "{\"goal\": \"Boil \\\"eggs\\\"\", \"sol1\": \"na\u00efve\", \"sol2\": \"b\"}\n"},
           {"lambada", "{\"text\": \"she opened  it\"}\n"},
           {"text", "line one\nline two\n"}}) {
    const auto task = Read(name, "valid.jsonl", text);
    ASSERT_TRUE(task.has_value()) << task.error().message();
    const std::string path = folder_.Write("requests.jsonl", RequestFileOf(*task).value());
    const auto read = ReadRequestFile(path);
    ASSERT_TRUE(read.has_value()) << read.error().message();
    const auto& again = std::get<TextTask>(*read);
    EXPECT_EQ(again.measure, task->measure);
    EXPECT_EQ(RequestFileOf(again).value(), RequestFileOf(*task).value());
  }
}

std::string Header(const std::string& measure) {
  return "{\"format\": \"optfleet.requests\", \"version\": 1, \"task\": \"t\", \"measure\": \"" + measure +
         "\", \"encoded\": true, \"prefix\": 7}\n";
}

TEST_F(TasksTest, RequestFilesHoldTokens) {
  const auto read = ReadRequestFile(folder_.Write(
      "e.jsonl", Header("choice") +
                     "{\"requests\": [{\"context\": [1, 2], \"continuation\": [3]}], \"gold\": 0, "
                     "\"lengths\": [5]}\n"));
  ASSERT_TRUE(read.has_value()) << read.error().message();
  const auto& task = std::get<TokenTask>(*read);
  EXPECT_EQ(task.prefix, 7);
  EXPECT_THAT(task.documents[0].requests, ElementsAre(TokenRequest{{1, 2}, {3}}));
}

TEST_F(TasksTest, DamagedRequestFilesAreRefusedWithTheirLine) {
  const auto refusal = [&](const std::string& text) {
    const auto read = ReadRequestFile(folder_.Write("e.jsonl", text));
    EXPECT_FALSE(read.has_value()) << text;
    return read.has_value() ? "" : read.error().message();
  };
  EXPECT_THAT(refusal("{\"format\": \"other\", \"version\": 1}\n"),
              HasSubstr("e.jsonl:1: is no optfleet.requests"));
  EXPECT_THAT(refusal(Header("sideways")), HasSubstr("unknown measure sideways"));
  EXPECT_THAT(refusal(Header("word") + "{\"requests\": []}\n"),
              HasSubstr("e.jsonl:2: a document of words has one"));
  EXPECT_THAT(refusal(Header("word") + "{\"requests\": [{\"context\": [], \"continuation\": [1]}]}\n"),
              HasSubstr("a context must have a token"));
  EXPECT_THAT(refusal(Header("rolling") + "{\"tokens\": [1]}\n"), HasSubstr("words"));
  EXPECT_THAT(
      refusal(Header("choice") + "{\"requests\": [{\"context\": [1], \"continuation\": [3]}], \"gold\": 1, "
                                 "\"lengths\": [5]}\n"),
      HasSubstr("`gold`"));
}

TEST_F(TasksTest, TextThatIsNoUtf8CannotGoToATokenizer) {
  const auto task = Read("enwik8", "enwik8", "caf\xc3");
  const auto text = RequestFileOf(*task);
  ASSERT_FALSE(text.has_value());
  EXPECT_THAT(text.error().message(), HasSubstr("document 1 of enwik8 is not UTF-8"));
  EXPECT_EQ(EncodeBytes(*task, kPrefix).documents[0].tokens.back(), 0xc3);
}

}  // namespace
}  // namespace optfleet::trainer
