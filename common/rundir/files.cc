#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/rundir/documents.h"

namespace optfleet::rundir {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int value() const { return value_; }
  int Close() {
    const int result = value_ < 0 ? 0 : ::close(value_);
    value_ = -1;
    return result;
  }

 private:
  int value_;
};

enum class Until { kPowerCut, kForGood };  // how long what is written must stay

Status Write(const std::string& path, std::string_view text, Until until) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.value() < 0) return Fail(ErrnoError(errno, "create " + path));
  while (!text.empty()) {
    const ssize_t written = ::write(file.value(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(ErrnoError(errno, "write " + path));
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (until == Until::kForGood && ::fsync(file.value()) != 0) return Fail(ErrnoError(errno, "fsync " + path));
  if (file.Close() != 0) return Fail(ErrnoError(errno, "close " + path));
  return {};
}

Status Replace(const std::string& folder, const std::string& name, std::string_view text, Until until) {
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.value() < 0) return Fail(ErrnoError(errno, "open " + folder));
  const std::string temporary = folder + "/.tmp-" + name + "-" + std::to_string(::getpid());
  const std::string target = folder + "/" + name;
  if (const auto written = Write(temporary, text, until); !written) {
    ::unlink(temporary.c_str());
    return Fail(written.error());
  }
  if (::rename(temporary.c_str(), target.c_str()) != 0) {
    const Error error = ErrnoError(errno, "rename to " + target);
    ::unlink(temporary.c_str());
    return Fail(error);
  }
  if (until == Until::kForGood && ::fsync(directory.value()) != 0)
    return Fail(ErrnoError(errno, "fsync " + folder));
  return {};
}

}  // namespace

Status WriteFileAtomically(const std::string& folder, const std::string& name, std::string_view text) {
  return Replace(folder, name, text, Until::kForGood);
}

Status WriteFileForThisBoot(const std::string& folder, const std::string& name, std::string_view text) {
  return Replace(folder, name, text, Until::kPowerCut);
}

Result<std::string> ReadWholeFile(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value() < 0) return Fail(ErrnoError(errno, "open " + path));
  std::string text;
  char buffer[1 << 14];
  while (true) {
    const ssize_t got = ::read(file.value(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(ErrnoError(errno, "read " + path));
    if (got == 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

}  // namespace optfleet::rundir
