// Evaluation tasks as values: what a model is asked, and what its answers are measured by. First as text,
// then as tokens. Definitions are those of lm-evaluation-harness 0.4; docs/evaluation.md tells them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace optfleet::trainer {

// word: one request, its continuation is to be the greedy one. choice: one request per choice, the likeliest
// should be the right one. rolling: the whole of a text, token by token.
enum class Measure { kWord, kChoice, kRolling };
std::string_view NameOf(Measure measure);

// What figures need to know of a document besides the answers.
struct DocumentFacts {
  int64_t gold = 0;             // choice: index of the right one
  std::vector<double> lengths;  // choice: characters of each, without the space in front
  int64_t words = 0;            // rolling: of the original text
  int64_t bytes = 0;
};

// How likely is the continuation after the context? The context may be empty; otherwise it does not end in
// white space: what it ended in stands in front of the continuation, where tokenizers want it.
struct TextRequest {
  std::string context;
  std::string continuation;
  friend bool operator==(const TextRequest&, const TextRequest&) = default;
};
// Moves the white space.
TextRequest MakeRequest(std::string context, std::string continuation);

struct TextDocument {
  DocumentFacts facts;
  std::vector<TextRequest> requests;  // word, choice
  std::string text;                   // rolling
};

struct TextTask {
  std::string name;
  Measure measure = Measure::kWord;
  std::vector<TextDocument> documents;
};

// The same in tokens. A context has at least one.
struct TokenRequest {
  std::vector<int32_t> context;
  std::vector<int32_t> continuation;
  friend bool operator==(const TokenRequest&, const TokenRequest&) = default;
};

struct TokenDocument {
  DocumentFacts facts;
  std::vector<TokenRequest> requests;
  std::vector<int32_t> tokens;
};

struct TokenTask {
  std::string name;
  Measure measure = Measure::kWord;
  int32_t prefix = 0;  // stands where there is no context: an end of text
  std::vector<TokenDocument> documents;
};

// For models whose tokens are bytes. Destroys the text.
TokenTask EncodeBytes(TextTask task, int32_t prefix);

// A text cut into windows so that every token is predicted once: each but the last predicts `length` tokens
// after the token before (the first after the prefix); the last predicts what is left and sees as much before
// it as fits. Context and continuation together have at most length + 1 tokens.
std::vector<TokenRequest> RollingWindows(const std::vector<int32_t>& tokens, int32_t prefix, int64_t length);

}  // namespace optfleet::trainer
