// start.layers: which layer of a file each layer of a model begins as. Pure.
//
//   same           layer i of the file
//   spread         layer floor(i x layers of the file / layers): 18 -> 24 takes 0 0 1 2 3 3 4 5 6 6 ...
//   stack          layer i modulo the layers of the file: 0 1 ... 17 0 1 ... 5
//   0-11,6-17      a list of layers and ranges, one layer for each of the model's
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace optfleet::spec {

// One entry for each of `layers`; `available`: layers of the file. What is wrong, to follow "`start.layers`".
tl::expected<std::vector<int64_t>, std::string> SourceLayers(std::string_view text, int64_t layers,
                                                             int64_t available);

}  // namespace optfleet::spec
