#include "optctl/commands/file_stamps.h"

#include <optional>
#include <string>

#include "common/content_stamp.h"
#include "common/mapped_file.h"

namespace optfleet::commands {
namespace {

// Of a large prepared file only the header is looked at.
std::optional<std::string> StampOf(const std::string& path) {
  const auto file = MappedFile::Open(path);
  return file.has_value() ? std::optional(ContentStamp((*file)->text())) : std::nullopt;
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
