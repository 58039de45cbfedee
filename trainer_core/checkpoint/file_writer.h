// Writes one file from front to back and sums it, then fsyncs it. One owner.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/rundir/documents.h"

namespace optfleet::trainer {

class FileWriter {
 public:
  // The file must not be there.
  static Result<FileWriter> Create(const std::string& folder, const std::string& name);
  ~FileWriter();
  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&&) = delete;

  Status Write(std::string_view bytes);
  // fsync and close; the file's line of the manifest.
  Result<rundir::ManifestFile> Finish();

 private:
  FileWriter(int descriptor, std::string name) : descriptor_(descriptor) { line_.name = std::move(name); }

  int descriptor_;
  rundir::ManifestFile line_;
};

}  // namespace optfleet::trainer
