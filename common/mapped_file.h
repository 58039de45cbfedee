// A file's bytes, mapped read-only: several trainers of one machine share the pages. Immutable after Open;
// usable from any thread. A file that shrinks while it is mapped kills the process (SIGBUS): data files are
// replaced, never cut.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"

namespace optfleet {

class MappedFile {
 public:
  // NOT_FOUND, PERMISSION_DENIED and so on of the file; INVALID_ARGUMENT for a folder or an empty file.
  static Result<std::unique_ptr<MappedFile>> Open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const uint8_t> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  MappedFile(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  const uint8_t* data_;
  size_t size_;
};

// Asks the kernel to read these mapped bytes ahead; returns at once. A wish: nothing is reported.
void AskForPages(const uint8_t* data, size_t size);

}  // namespace optfleet
