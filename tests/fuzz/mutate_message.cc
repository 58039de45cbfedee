#include "tests/fuzz/mutate_message.h"

#include <google/protobuf/descriptor.h>

#include <array>
#include <cmath>
#include <limits>

namespace optfleet::fuzz {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::array kTexts = {"sweeps/s",
                               "sweeps/s/jobs/1",
                               "sweeps/s/jobs/2",
                               "sweeps/s/jobs/1/attempts/1",
                               "sweeps/s/jobs/2/attempts/1",
                               "sweeps/s/jobs/3/attempts/1",
                               "sweeps/s/jobs/1/attempts/2",
                               "sweeps/s/jobs/1/attempts/1/checkpoints/10",
                               "workers/w0",
                               "workers/w1",
                               "w0",
                               "w1",
                               "s",
                               "t",
                               "sweeps/t",
                               "sweeps/t/jobs/1",
                               "loss",
                               "val_loss",
                               "zone=a",
                               "priority",
                               "max_running",
                               "{\"torch\": \"2\"}",
                               "request-1",
                               "",
                               "sweeps/-",
                               "sweeps/s/jobs/2147483647"};

class Mutation {
 public:
  explicit Mutation(MutationSource* source) : source_(source) {}

  void Change(Message* message) {
    const int count = message->GetDescriptor()->field_count();
    if (count == 0) return;
    const FieldDescriptor* field = message->GetDescriptor()->field(Below(count));
    if (field->is_repeated()) return ChangeRepeated(message, field);
    if (Below(8) == 0) return message->GetReflection()->ClearField(message, field);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
      return Change(message->GetReflection()->MutableMessage(message, field));
    SetValue(message, field, -1);
  }

 private:
  int Below(int bound) { return static_cast<int>(source_->random() % static_cast<unsigned>(bound)); }

  int64_t Number() {
    constexpr std::array<int64_t, 12> kOdd = {0,
                                              -1,
                                              1,
                                              2,
                                              100,
                                              101,
                                              std::numeric_limits<int32_t>::max(),
                                              std::numeric_limits<int32_t>::min(),
                                              int64_t{0xFFFFFFFF},
                                              int64_t{1} << 32,
                                              std::numeric_limits<int64_t>::max(),
                                              std::numeric_limits<int64_t>::min()};
    return Below(2) == 0 ? Below(16) : kOdd[static_cast<size_t>(Below(kOdd.size()))];
  }
  double Real() {
    constexpr std::array kOdd = {0.0, -0.0, 1.5, -1.0, 1e308, -1e308, 5e-324, HUGE_VAL, -HUGE_VAL};
    return Below(10) == 0 ? std::nan("") : kOdd[static_cast<size_t>(Below(kOdd.size()))];
  }
  std::string Text(std::string text) {
    if (Below(2) == 0) return kTexts[static_cast<size_t>(Below(kTexts.size()))];
    source_->mutate_text(&text);
    return text;
  }
  const EnumValueDescriptor* Value(const FieldDescriptor* field) {
    return field->enum_type()->value(Below(field->enum_type()->value_count()));
  }

  void ChangeRepeated(Message* message, const FieldDescriptor* field) {
    const auto* reflection = message->GetReflection();
    const int size = reflection->FieldSize(*message, field);
    const int choice = Below(6);
    if (size == 0 || choice == 0) return Add(message, field);
    if (choice == 1) return reflection->RemoveLast(message, field);
    if (choice == 2) return reflection->SwapElements(message, field, Below(size), size - 1);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return SetValue(message, field, Below(size));
    if (choice == 3) {
      const std::unique_ptr<Message> copy(reflection->GetRepeatedMessage(*message, field, Below(size)).New());
      copy->CopyFrom(reflection->GetRepeatedMessage(*message, field, Below(size)));
      return reflection->AddMessage(message, field)->CopyFrom(*copy);
    }
    Change(reflection->MutableRepeatedMessage(message, field, Below(size)));
  }

  void Add(Message* message, const FieldDescriptor* field) {
    const auto* reflection = message->GetReflection();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Change(reflection->AddMessage(message, field));
      case FieldDescriptor::CPPTYPE_STRING:
        return reflection->AddString(message, field, Text(""));
      case FieldDescriptor::CPPTYPE_ENUM:
        return reflection->AddEnum(message, field, Value(field));
      case FieldDescriptor::CPPTYPE_INT32:
        return reflection->AddInt32(message, field, static_cast<int32_t>(Number()));
      case FieldDescriptor::CPPTYPE_INT64:
        return reflection->AddInt64(message, field, Number());
      case FieldDescriptor::CPPTYPE_UINT32:
        return reflection->AddUInt32(message, field, static_cast<uint32_t>(Number()));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return reflection->AddDouble(message, field, Real());
      default:
        return;
    }
  }

  // Of a single field (`index` -1) or of an element. The type is that of `Set...` and `SetRepeated...`.
  template <typename T>
  using Single = void (google::protobuf::Reflection::*)(Message*, const FieldDescriptor*, T) const;
  template <typename T>
  using Element = void (google::protobuf::Reflection::*)(Message*, const FieldDescriptor*, int, T) const;
  template <typename T>
  static void Set(Message* message, const FieldDescriptor* field, int index, Single<T> single,
                  Element<T> element, T value) {
    if (index < 0) return (message->GetReflection()->*single)(message, field, std::move(value));
    (message->GetReflection()->*element)(message, field, index, std::move(value));
  }

  void SetValue(Message* message, const FieldDescriptor* field, int index) {
    using R = google::protobuf::Reflection;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string before = index < 0
                                       ? message->GetReflection()->GetString(*message, field)
                                       : message->GetReflection()->GetRepeatedString(*message, field, index);
        return Set<std::string>(message, field, index, &R::SetString, &R::SetRepeatedString, Text(before));
      }
      case FieldDescriptor::CPPTYPE_ENUM:
        return Set<const EnumValueDescriptor*>(message, field, index, &R::SetEnum, &R::SetRepeatedEnum,
                                               Value(field));
      case FieldDescriptor::CPPTYPE_INT32:
        return Set<int32_t>(message, field, index, &R::SetInt32, &R::SetRepeatedInt32,
                            static_cast<int32_t>(Number()));
      case FieldDescriptor::CPPTYPE_INT64:
        return Set<int64_t>(message, field, index, &R::SetInt64, &R::SetRepeatedInt64, Number());
      case FieldDescriptor::CPPTYPE_UINT32:
        return Set<uint32_t>(message, field, index, &R::SetUInt32, &R::SetRepeatedUInt32,
                             static_cast<uint32_t>(Number()));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Set<double>(message, field, index, &R::SetDouble, &R::SetRepeatedDouble, Real());
      case FieldDescriptor::CPPTYPE_BOOL:
        return Set<bool>(message, field, index, &R::SetBool, &R::SetRepeatedBool, Below(2) == 0);
      default:
        return;
    }
  }

  MutationSource* source_;
};

}  // namespace

void MutateMessage(Message* message, MutationSource* source) { Mutation(source).Change(message); }

}  // namespace optfleet::fuzz
