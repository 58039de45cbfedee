// What evaluation tasks do to text, which is UTF-8; bytes that are not are taken as they are. White space is
// Unicode's, as Python's str.isspace and its regular expressions see it, since published figures were made
// with those. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace optfleet::trainer {

// Pieces between runs of white space, empty ones at the ends included: len(re.split(r"\s+", text)).
int64_t CountWords(std::string_view text);

// Code points.
int64_t CountCharacters(std::string_view text);

std::string_view Strip(std::string_view text);

// Bytes of the white space that a text ends with.
size_t TrailingSpace(std::string_view text);

// A page of WikiText as people write: its tokenizer's spaces and @-@ taken back, by the rules that
// lm-evaluation-harness publishes for its task wikitext 2.0, with their quirks.
std::string DetokenizeWikiText(std::string_view page);

}  // namespace optfleet::trainer
