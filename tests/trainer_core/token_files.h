// Token files made by hand, byte by byte, as docs/data.md writes them down.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/checksum.h"

namespace optfleet::trainer {

template <typename Number>
void Append(Number number, std::string* bytes) {
  for (size_t i = 0; i < sizeof number; ++i)
    *bytes += static_cast<char>(static_cast<uint64_t>(number) >> (8 * i) & 0xFF);
}

inline uint32_t Sum(std::string_view bytes) {
  return Crc32(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

struct PreparedFile {
  std::vector<uint16_t> tokens;
  std::vector<std::pair<uint64_t, uint64_t>> documents;  // where each begins: token, byte
  uint64_t utf8_bytes = 0;
  uint32_t vocab_size = 256;
  uint8_t version = 1;
  char tokenizer = '\0';  // every byte of its fingerprint

  std::string Bytes() const {
    std::string rest;
    for (const uint16_t token : tokens) Append(token, &rest);
    rest.resize((rest.size() + 7) / 8 * 8);
    const uint64_t table_at = 128 + rest.size();
    auto table = documents;
    table.emplace_back(tokens.size(), utf8_bytes);
    for (const auto& [token, byte] : table) {
      Append(token, &rest);
      Append(byte, &rest);
    }
    std::string header = "OPTFTOK";
    Append(version, &header);
    Append<uint32_t>(2, &header);
    Append(vocab_size, &header);
    Append<int64_t>(0, &header);
    Append<uint64_t>(documents.size(), &header);
    Append<uint64_t>(tokens.size(), &header);
    Append(utf8_bytes, &header);
    Append<uint64_t>(128, &header);
    Append(table_at, &header);
    header += std::string(32, tokenizer);
    Append<uint64_t>(128 + rest.size(), &header);
    Append(Sum(rest), &header);
    header.resize(124);
    Append(Sum(header), &header);
    return header + rest;
  }
};

// Documents of 10 tokens and 25 bytes each.
inline PreparedFile SomeDocuments(int count) {
  PreparedFile file;
  for (int document = 0; document < count; ++document) {
    file.documents.emplace_back(10 * document, 25 * document);
    for (int i = 0; i < 10; ++i) file.tokens.push_back(static_cast<uint16_t>((document * 7 + i * 3) % 256));
  }
  file.utf8_bytes = static_cast<uint64_t>(25 * count);
  return file;
}

inline std::string LlmCFile(int32_t magic, int32_t version, const std::vector<uint32_t>& tokens) {
  std::string bytes;
  Append(magic, &bytes);
  Append(version, &bytes);
  Append(static_cast<int32_t>(tokens.size()), &bytes);
  bytes.resize(1024);
  for (const uint32_t token : tokens)
    if (magic == 20240801)
      Append(token, &bytes);
    else
      Append(static_cast<uint16_t>(token), &bytes);
  return bytes;
}

// As numpy.save writes it; `type` as '<u2', `shape` as (3,).
inline std::string NpyFile(const std::string& type, const std::string& shape, const std::string& numbers) {
  std::string header = "{'descr': " + type + ", 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY\x01";
  bytes += '\0';
  Append(static_cast<uint16_t>(header.size()), &bytes);
  return bytes + header + numbers;
}

inline std::string Numbers16(const std::vector<uint16_t>& numbers) {
  std::string bytes;
  for (const uint16_t number : numbers) Append(number, &bytes);
  return bytes;
}

}  // namespace optfleet::trainer
