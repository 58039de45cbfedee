// Writes what the wire fuzzer begins with: conversations that go well, each also call by call.
//
//   wire_corpus SOURCE_FOLDER TARGET_FOLDER
#include <cstdio>
#include <filesystem>

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/make_conversations.h"
namespace optfleet::fuzz {
namespace {

namespace fs = std::filesystem;

void WriteConversations(const fs::path& folder) {
  for (const auto& [name, calls] : Conversations()) {
    Write(folder / name, WriteConversation(calls));
    for (size_t i = 0; i < calls.size(); ++i)
      Write(folder / (name + "-" + std::to_string(i)), WriteConversation({calls[i]}));
  }
}

}  // namespace
}  // namespace optfleet::fuzz

int main(int count, char** arguments) {
  if (count != 3) return std::fputs("wire_corpus SOURCE_FOLDER TARGET_FOLDER\n", stderr), 2;
  using namespace optfleet::fuzz;
  const std::filesystem::path target(arguments[2]);
  WriteConversations(target / "wire");
  Write(target / "wire.dict", Words({"sweeps/s/jobs/1/attempts/1", "sweeps/s", "workers/w0", "val_loss"}));
}
