// Which keys tell the jobs of a sweep apart, and how a value on them is spelled.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "sweeps/document.h"

namespace optfleet::sweeps {

// Every key that is a list in some block, and of the keys that differ between blocks as many as are needed to
// tell blocks apart. In order of first appearance over the blocks.
std::vector<const spec::Field*> ChooseAxes(const std::vector<Block>& blocks);

// Keys in the order in which blocks first give them, on an axis or not.
std::vector<const spec::Field*> KeysInOrder(const std::vector<Block>& blocks);

// One text per value: 1e-3 in one block and 0.001 in another are the same value on an axis and are shown as
// the first of them.
class Spelling {
 public:
  Spelling(const spec::Field& field, const std::vector<Block>& blocks);

  // As the files first write the value; as spec::ToText if they do not.
  const std::string& Of(const spec::Value& value);

 private:
  struct HashOf {
    size_t operator()(const spec::Value& value) const;
  };
  std::unordered_map<spec::Value, std::string, HashOf> texts_;
};

}  // namespace optfleet::sweeps
