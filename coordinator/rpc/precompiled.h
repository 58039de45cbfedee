// Precompiled for the handlers: the slow part of what nearly all of them include. Sources still include what
// they use.
#pragma once

#include <grpcpp/grpcpp.h>

#include "common/json.h"

#include "optfleet/v1/operator.grpc.pb.h"
#include "optfleet/v1/worker.grpc.pb.h"
