#include "optctl/commands/file_stamps.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "common/content_stamp.h"

namespace optfleet::commands {
namespace {

// Mapped, since of a large prepared file only the header is looked at.
std::optional<std::string> StampOf(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  struct stat status {};
  void* bytes = MAP_FAILED;
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
    bytes = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (bytes == MAP_FAILED) return std::nullopt;
  const auto size = static_cast<size_t>(status.st_size);
  std::string stamp = ContentStamp({static_cast<const char*>(bytes), size});
  munmap(bytes, size);
  return stamp;
}

}  // namespace

google::protobuf::RepeatedPtrField<v1::FileStamp> StampsOf(const std::vector<sweeps::NeededFile>& files) {
  google::protobuf::RepeatedPtrField<v1::FileStamp> stamps;
  for (const sweeps::NeededFile& file : files) {
    auto stamp = StampOf(file.path);
    if (!stamp) continue;
    v1::FileStamp* added = stamps.Add();
    added->set_key(std::string(file.key));
    added->set_path(file.path);
    added->set_stamp(*std::move(stamp));
  }
  return stamps;
}

}  // namespace optfleet::commands
