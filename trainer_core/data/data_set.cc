#include "trainer_core/data/data_set.h"

#include "common/checksum.h"
#include "common/content_stamp.h"

namespace optfleet::trainer {
namespace {

struct OpenFile {
  std::unique_ptr<MappedFile> file;
  data::TokenLayout layout;
};

Status CheckVocabulary(const data::TokenLayout& layout, const spec::TrainingSpec& spec) {
  const int64_t held = spec.model.vocab_size;
  const bool said = layout.vocab_size > 0;
  const int64_t needed = said ? layout.vocab_size : layout.tokens.Largest() + 1;
  if (needed <= held) return {};
  const std::string what = said ? "was prepared with a vocabulary of " + std::to_string(needed) + " tokens"
                                : "holds the token " + std::to_string(needed - 1);
  return Fail(Code::kFailedPrecondition, what + ", but model.vocab_size is " + std::to_string(held) +
                                             "; use at least " + std::to_string(needed));
}

Result<OpenFile> OpenTokens(const std::string& path, const spec::TrainingSpec& spec) {
  auto file = MappedFile::Open(path);
  if (!file.has_value()) return Fail(file.error());
  auto layout = data::ReadLayout((*file)->bytes(), spec.data.format, spec.data.token_bytes, path);
  if (!layout.has_value()) return Fail(layout.error().code(), path + " " + layout.error().message());
  const Status fits = CheckVocabulary(*layout, spec);
  if (!fits.has_value()) return Fail(fits.error().code(), path + " " + fits.error().message());
  return OpenFile{std::move(*file), std::move(*layout)};
}

// A header whose checksum was found true of the rest stands for all of it.
void AddToFingerprint(const OpenFile& opened, DataFingerprint* fingerprint) {
  const auto bytes = opened.file->bytes();
  const size_t header = opened.layout.checked_header_bytes;
  fingerprint->size += static_cast<int64_t>(bytes.size());
  fingerprint->crc32c = Crc32c(std::as_bytes(header > 0 ? bytes.first(header) : bytes), fingerprint->crc32c);
}

Status CheckSameTokenizer(const data::TokenLayout& train, const data::TokenLayout& validation) {
  const bool both_prepared = train.format == spec::DataFormat::kTokens && validation.format == train.format;
  const bool one_is_text =
      (train.format == spec::DataFormat::kText) != (validation.format == spec::DataFormat::kText);
  if (!one_is_text && (!both_prepared || train.tokenizer == validation.tokenizer)) return {};
  return Fail(Code::kFailedPrecondition,
              "data.validation_path was made by another tokenizer than data.path; prepare both by one call");
}

}  // namespace

Result<std::unique_ptr<DataSet>> DataSet::Open(const spec::TrainingSpec& spec) {
  std::unique_ptr<DataSet> data(new DataSet());
  auto train = OpenTokens(spec.data.path, spec);
  if (!train.has_value()) return Fail(train.error().In("data.path"));
  AddToFingerprint(*train, &data->fingerprint_);
  data->stamps_["data.path"] = ContentStamp(train->file->text());
  if (spec.data.validation_path.empty()) {
    data::SplitByShare(train->layout, spec.data.validation_share, &data->train_, &data->validation_);
  } else {
    auto validation = OpenTokens(spec.data.validation_path, spec);
    if (!validation.has_value()) return Fail(validation.error().In("data.validation_path"));
    OPTFLEET_RETURN_IF_ERROR(CheckSameTokenizer(train->layout, validation->layout));
    AddToFingerprint(*validation, &data->fingerprint_);
    data->stamps_["data.validation_path"] = ContentStamp(validation->file->text());
    data->train_ = {train->layout.tokens, train->layout.utf8_bytes};
    data->validation_ = {validation->layout.tokens, validation->layout.utf8_bytes};
    data->validation_file_ = std::move(validation->file);
  }
  data->file_ = std::move(train->file);
  return data;
}

}  // namespace optfleet::trainer
