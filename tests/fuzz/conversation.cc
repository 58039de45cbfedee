#include "tests/fuzz/conversation.h"

#include "optfleet/v1/operator.pb.h"
#include "optfleet/v1/worker.pb.h"

namespace optfleet::fuzz {
namespace {

constexpr size_t kHead = 4;
constexpr size_t kMostCalls = 64;
constexpr uint8_t kJson = 0x80;

std::vector<MethodInfo> FindMethods() {
  std::vector<MethodInfo> methods;
  for (const auto* file : {v1::SynchronizeRequest::descriptor()->file(), v1::Sweep::descriptor()->file()})
    for (int s = 0; s < file->service_count(); ++s)
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto* method = file->service(s)->method(m);
        methods.push_back(
            {"/" + method->service()->full_name() + "/" + method->name(),
             google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())});
      }
  return methods;
}

}  // namespace

const std::vector<MethodInfo>& Methods() {
  static const std::vector<MethodInfo> methods = FindMethods();
  return methods;
}

std::vector<WireCall> ReadConversation(std::string_view bytes) {
  std::vector<WireCall> calls;
  while (bytes.size() >= kHead && calls.size() < kMostCalls) {
    const auto byte = [&](size_t at) { return static_cast<uint8_t>(bytes[at]); };
    WireCall call;
    call.method = static_cast<uint8_t>((byte(0) & 0x7F) % Methods().size());
    call.as_json = (byte(0) & kJson) != 0;
    call.time = byte(1);
    const size_t size = byte(2) + size_t{256} * byte(3);
    call.body = bytes.substr(kHead, size);
    bytes.remove_prefix(std::min(bytes.size(), kHead + size));
    calls.push_back(std::move(call));
  }
  return calls;
}

std::string WriteConversation(const std::vector<WireCall>& calls) {
  std::string bytes;
  for (const WireCall& call : calls) {
    const size_t size = std::min<size_t>(call.body.size(), 0xFFFF);
    for (const size_t byte :
         {size_t{call.method} | (call.as_json ? kJson : 0), size_t{call.time}, size % 256, size / 256})
      bytes += static_cast<char>(byte);
    bytes.append(call.body, 0, size);
  }
  return bytes;
}

}  // namespace optfleet::fuzz
