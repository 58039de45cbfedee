#include "trainer_core/eval/tasks/text_rules.h"

#include <array>
#include <utility>

namespace optfleet::trainer {
namespace {

// Bytes of the white space character at the front of a text; 0 if there is none.
size_t SpaceAtFront(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if ((first >= 0x09 && first <= 0x0d) || (first >= 0x1c && first <= 0x20)) return text.empty() ? 0 : 1;
  if (first == 0xc2 && (byte(1) == 0x85 || byte(1) == 0xa0)) return 2;
  const unsigned rest = byte(1) << 8 | byte(2);
  if (first == 0xe1 && rest == 0x9a80) return 3;  // U+1680
  if (first == 0xe2 && ((rest >= 0x8080 && rest <= 0x808a) || rest == 0x80a8 || rest == 0x80a9 ||
                        rest == 0x80af || rest == 0x819f))
    return 3;                                     // U+2000 to 200A, 2028, 2029, 202F, 205F
  if (first == 0xe3 && rest == 0x8080) return 3;  // U+3000
  return 0;
}

size_t SpaceAtBack(std::string_view text) {
  for (const size_t length : {1, 2, 3})
    if (length <= text.size() && SpaceAtFront(text.substr(text.size() - length)) == length) return length;
  return 0;
}

void ReplaceAll(std::string* text, std::string_view from, std::string_view to) {
  std::string replaced;
  size_t at = 0;
  for (size_t found = text->find(from); found != std::string::npos; found = text->find(from, at)) {
    replaced.append(*text, at, found - at).append(to);
    at = found + from.size();
  }
  if (at == 0) return;
  replaced.append(*text, at);
  *text = std::move(replaced);
}

// Takes the white space inside of pairs away: from each `open` to the next `close`, which ends the pair
// whatever stands between.
void TightenPairs(std::string* text, char open, char close) {
  std::string tight;
  size_t at = 0;
  while (true) {
    const size_t begin = text->find(open, at);
    const size_t end = begin == std::string::npos ? begin : text->find(close, begin + 1);
    if (end == std::string::npos) break;
    tight.append(*text, at, begin + 1 - at);
    tight.append(Strip(std::string_view(*text).substr(begin + 1, end - begin - 1)));
    tight += close;
    at = end + 1;
  }
  *text = tight.append(*text, at);
}

// A regular expression of the rules was written with slashes around it: where it matches (/' 5/), its own
// text comes out.
void ReplaceSlashedYears(std::string* text) {
  constexpr std::string_view kBefore = "/' ";
  for (size_t at = text->find(kBefore); at != std::string::npos; at = text->find(kBefore, at + 1)) {
    const size_t digit = at + kBefore.size();
    if (digit + 1 < text->size() && (*text)[digit] >= '0' && (*text)[digit] <= '9' &&
        (*text)[digit + 1] == '/')
      text->replace(at, kBefore.size() + 2, "/'[0-9]/");
  }
}

using Replacement = std::pair<std::string_view, std::string_view>;

constexpr std::array<Replacement, 9> kBeforePairs{{{" @-@ ", "-"},
                                                   {" @,@ ", ","},
                                                   {" @.@ ", "."},
                                                   {" : ", ": "},
                                                   {" ; ", "; "},
                                                   {" . ", ". "},
                                                   {" ! ", "! "},
                                                   {" ? ", "? "},
                                                   {" , ", ", "}}};
constexpr std::array<Replacement, 8> kAfterPairs{{{"= = = =", "===="},
                                                  {"= = =", "==="},
                                                  {"= =", "=="},
                                                  {" \xc2\xb0 ", "\xc2\xb0"},  // degrees
                                                  {" \n", "\n"},
                                                  {"\n ", "\n"},
                                                  {" N ", " 1 "},
                                                  {" 's", "'s"}}};

}  // namespace

int64_t CountWords(std::string_view text) {
  int64_t words = 1;
  bool in_space = false;
  for (size_t at = 0; at < text.size();) {
    const size_t space = SpaceAtFront(text.substr(at, 3));
    if (space > 0 && !in_space) ++words;
    in_space = space > 0;
    at += in_space ? space : 1;
  }
  return words;
}

int64_t CountCharacters(std::string_view text) {
  int64_t characters = 0;
  for (const char byte : text) characters += (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
  return characters;
}

size_t TrailingSpace(std::string_view text) {
  size_t size = text.size();
  for (size_t space = SpaceAtBack(text); space > 0; space = SpaceAtBack(text.substr(0, size))) size -= space;
  return text.size() - size;
}

std::string_view Strip(std::string_view text) {
  for (size_t space = SpaceAtFront(text); space > 0; space = SpaceAtFront(text)) text.remove_prefix(space);
  text.remove_suffix(TrailingSpace(text));
  return text;
}

std::string DetokenizeWikiText(std::string_view page) {
  std::string text(page);
  ReplaceAll(&text, "s '", "s'");
  ReplaceSlashedYears(&text);
  for (const auto& [from, to] : kBeforePairs) ReplaceAll(&text, from, to);
  TightenPairs(&text, '(', ')');
  TightenPairs(&text, '[', ']');
  TightenPairs(&text, '{', '}');
  TightenPairs(&text, '"', '"');
  TightenPairs(&text, '\'', '\'');
  for (const auto& [from, to] : kAfterPairs) ReplaceAll(&text, from, to);
  return text;
}

}  // namespace optfleet::trainer
