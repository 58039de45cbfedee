// Calls from strangers: any bytes as requests of the worker API and of the operator API, one after the other,
// on a coordinator that has a sweep, a worker and an attempt that runs (make_conversations.cc). It answers or
// refuses each; FuzzedCoordinator says what must hold.
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstring>

#include "tests/fuzz/check.h"
#include "tests/fuzz/fuzzed_coordinator.h"
#include "tests/fuzz/make_conversations.h"
#include "tests/fuzz/mutate_message.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace optfleet::fuzz {
namespace {

constexpr size_t kLongestText = 4096;

const Files& BeginState() {
  static const Files files = [] {
    FuzzedCoordinator coordinator({});
    for (const WireCall& call : BeginConversation()) coordinator.Take(call);
    return coordinator.Close();
  }();
  return files;
}

void Run(std::string_view bytes) {
  const google::protobuf::LogSilencer text_that_is_not_utf8;
  FuzzedCoordinator coordinator(BeginState());
  for (const WireCall& call : ReadConversation(bytes)) coordinator.Take(call);
  coordinator.Restart();
}

void MutateText(std::string* text) {
  const size_t size = std::min(text->size(), kLongestText);
  text->resize(size + 32);
  text->resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(text->data()), size, text->size()));
}

// As a message if it is one, otherwise as bytes.
void MutateBody(WireCall* call, MutationSource* source) {
  const std::unique_ptr<google::protobuf::Message> message(Methods()[call->method].prototype->New());
  const bool read = call->as_json
                        ? google::protobuf::util::JsonStringToMessage(call->body, message.get()).ok()
                        : message->ParseFromString(call->body);
  if (!read || source->random() % 8 == 0) return MutateText(&call->body);
  MutateMessage(message.get(), source);
  call->body.clear();
  if (!call->as_json) {
    call->body = message->SerializeAsString();
  } else if (!google::protobuf::util::MessageToJsonString(*message, &call->body).ok()) {
    call->body = "{}";
  }
}

void MutateConversation(std::vector<WireCall>* calls, MutationSource* source) {
  const auto any = [&](size_t bound) { return source->random() % bound; };
  if (calls->empty() || any(12) == 0)
    calls->push_back({static_cast<uint8_t>(any(Methods().size())), any(8) == 0, 0, ""});
  const size_t at = any(calls->size());
  switch (any(8)) {
    case 0:
      (*calls)[at].time = static_cast<uint8_t>(any(40));
      break;
    case 1:
      calls->push_back((*calls)[at]);
      break;
    case 2:
      std::swap((*calls)[at], calls->back());
      break;
    case 3:
      calls->erase(calls->begin() + static_cast<std::ptrdiff_t>(at));
      break;
    default:
      MutateBody(&(*calls)[at], source);
  }
}

size_t Mutate(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  const google::protobuf::LogSilencer text_that_is_not_utf8;
  MutationSource source{std::minstd_rand(seed), MutateText};
  auto calls = ReadConversation({reinterpret_cast<const char*>(data), size});
  for (unsigned i = source.random() % 3 + 1; i > 0; --i) MutateConversation(&calls, &source);
  const std::string bytes = WriteConversation(calls);
  const size_t taken = std::min(bytes.size(), max_size);
  std::memcpy(data, bytes.data(), taken);
  return taken;
}

}  // namespace
}  // namespace optfleet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  optfleet::fuzz::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return optfleet::fuzz::Mutate(data, size, max_size, seed);
}
