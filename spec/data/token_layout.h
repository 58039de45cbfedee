// What a data file says about itself and where its tokens lie. The formats, byte by byte: docs/data.md.
//
// Pure functions over the file's bytes, which must outlive what they return. Errors are sentences to follow
// the file's name: DATA_LOSS for a damaged or cut off file, UNIMPLEMENTED for a version or a number type that
// is not read, INVALID_ARGUMENT for a file that is not what it was called.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "spec/data/tokens.h"
#include "spec/training_spec.h"

namespace optfleet::data {

// Where each document begins, in tokens and in UTF-8 bytes of the original text; a last entry holds the ends.
class DocumentTable {
 public:
  DocumentTable() = default;
  DocumentTable(const uint8_t* data, int64_t documents) : data_(data), documents_(documents) {}
  int64_t size() const { return documents_; }  // 0: not known
  int64_t Token(int64_t document) const { return Number(2 * document); }
  int64_t Byte(int64_t document) const { return Number(2 * document + 1); }

 private:
  int64_t Number(int64_t index) const;
  const uint8_t* data_ = nullptr;
  int64_t documents_ = 0;
};

struct TokenLayout {
  spec::DataFormat format = spec::DataFormat::kText;  // never kAuto
  Tokens tokens;
  int64_t vocab_size = 0;             // 0: the file does not say
  int64_t end_of_text = -1;           // -1: none, or the file does not say
  std::optional<int64_t> utf8_bytes;  // of the original text
  DocumentTable documents;
  std::string tokenizer;            // SHA-256 of the tokenizer's file, hexadecimal; empty: none
  size_t checked_header_bytes = 0;  // above 0: a checksum in these first bytes was found true of all others
};

// How much of a file is looked at: all of it where a checksum covers it, or its head alone.
enum class Reading { kWhole, kHead };

// `token_bytes` (2 or 4) is used where the format holds bare numbers. `name` is only looked at to refuse bare
// numbers that would be taken for text.
Result<TokenLayout> ReadLayout(std::span<const uint8_t> bytes, spec::DataFormat format, int64_t token_bytes,
                               std::string_view name, Reading reading = Reading::kWhole);

// The parts of ReadLayout.
bool IsPrepared(std::span<const uint8_t> bytes);
bool IsLlmC(std::span<const uint8_t> bytes);
bool IsNpy(std::span<const uint8_t> bytes);
Result<TokenLayout> ReadPrepared(std::span<const uint8_t> bytes, Reading reading = Reading::kWhole);
Result<TokenLayout> ReadLlmC(std::span<const uint8_t> bytes);
Result<TokenLayout> ReadNpy(std::span<const uint8_t> bytes);
Result<TokenLayout> ReadRaw(std::span<const uint8_t> bytes, int64_t token_bytes);

}  // namespace optfleet::data
