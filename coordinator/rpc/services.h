// The generated service classes, each method passed on to the method table by its path. No logic here.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>
#include <string>
#include <vector>

#include "coordinator/rpc/method_table.h"

namespace optfleet::rpc {

// One per service of the wire. `methods` must outlive them.
std::vector<std::unique_ptr<grpc::Service>> MakeServices(const MethodTable& methods);

// Full names, "optfleet.v1.SweepService", in the order of MakeServices.
std::vector<std::string> ServiceNames();

}  // namespace optfleet::rpc
