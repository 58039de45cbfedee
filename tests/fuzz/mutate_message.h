// Changes one place of a message, so that it stays a message: bytes that are changed blindly rarely do.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <random>
#include <string>

namespace optfleet::fuzz {

struct MutationSource {
  std::minstd_rand random;
  std::function<void(std::string*)> mutate_text;  // libFuzzer's mutations, which know what it compared
};

// Anywhere in the message: sets or clears a field, adds, repeats or removes an element, changes a number or a
// text. Resource names and odd numbers are the likeliest values.
void MutateMessage(google::protobuf::Message* message, MutationSource* source);

}  // namespace optfleet::fuzz
