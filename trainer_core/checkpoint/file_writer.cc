#include "trainer_core/checkpoint/file_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/checksum.h"

namespace optfleet::trainer {

Result<FileWriter> FileWriter::Create(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return Fail(ErrnoError(errno, path));
  return FileWriter(descriptor, name);
}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), line_(std::move(other.line_)) {}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) close(descriptor_);
}

Status FileWriter::Write(std::string_view bytes) {
  line_.crc32c = Crc32c(bytes, line_.crc32c);
  line_.size += static_cast<int64_t>(bytes.size());
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(ErrnoError(errno, "write " + line_.name));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<rundir::ManifestFile> FileWriter::Finish() {
  if (fsync(descriptor_) != 0) return Fail(ErrnoError(errno, "fsync " + line_.name));
  if (close(std::exchange(descriptor_, -1)) != 0) return Fail(ErrnoError(errno, "close " + line_.name));
  return line_;
}

}  // namespace optfleet::trainer
