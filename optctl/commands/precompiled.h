// Precompiled for the commands: the slow part of what nearly all of them include. Sources still include what
// they use.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include "common/json.h"

#include "optfleet/v1/operator.pb.h"
