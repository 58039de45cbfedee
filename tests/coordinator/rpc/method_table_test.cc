#include "coordinator/rpc/method_table.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "coordinator/rpc/maintenance.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/services.h"
#include "optfleet/v1/maintenance.pb.h"
#include "optfleet/v1/operator.pb.h"
#include "optfleet/v1/worker.pb.h"

namespace optfleet::rpc {
namespace {

struct Seen {
  std::string path;
  std::string code;
};

TEST(MethodTable, CountsEveryAnswerByItsCode) {
  std::vector<Seen> seen;
  MethodTable methods([&seen](std::string_view path, std::string_view code, double seconds) {
    EXPECT_GE(seconds, 0);
    seen.push_back({std::string(path), std::string(code)});
  });
  methods.Add<v1::GetSweepRequest, v1::Sweep>(
      "/s/Get", true, [](const v1::GetSweepRequest& request, const Reply<v1::Sweep>& reply) {
        if (request.name().empty()) return reply(tl::make_unexpected(BadField("name", "is empty")));
        v1::Sweep sweep;
        sweep.set_name(request.name());
        reply(sweep);
      });
  v1::GetSweepRequest request;
  v1::Sweep response;

  methods.Call("/s/Get", request, &response,
               [](const std::optional<RpcError>& error) { EXPECT_TRUE(error); });
  request.set_name("sweeps/lr");
  methods.Call("/s/Get", request, &response,
               [](const std::optional<RpcError>& error) { EXPECT_FALSE(error); });
  methods.Call("/s/None", request, &response, [](const std::optional<RpcError>& error) {
    EXPECT_EQ(error.value().code, Code::kUnimplemented);
  });

  EXPECT_EQ(response.name(), "sweeps/lr");
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].code, "INVALID_ARGUMENT");
  EXPECT_EQ(seen[1].code, "OK");
  EXPECT_EQ(seen[1].path, "/s/Get");
}

TEST(MethodTable, CountsAFaultOnPurposeByTheCodeThatTheCallerHears) {
  for (const auto& [kind, code, times_run] : {std::tuple{FaultKind::kRequestLost, Code::kUnavailable, 0},
                                              {FaultKind::kAnswerLost, Code::kDeadlineExceeded, 1},
                                              {FaultKind::kReportedFailed, Code::kUnavailable, 1}}) {
    std::vector<std::string> codes;
    MethodTable methods(
        [&codes](std::string_view, std::string_view seen, double) { codes.emplace_back(seen); });
    int run = 0;
    methods.Add<v1::GetSweepRequest, v1::Sweep>(
        "/s/Get", true, [&run](const v1::GetSweepRequest&, const Reply<v1::Sweep>& reply) {
          ++run;
          reply(v1::Sweep());
        });
    Faults faults({{.method = "Get", .kind = kind, .probability = 1}}, 0);
    methods.Disturb(&faults);
    v1::Sweep response;
    std::optional<RpcError> heard;
    methods.Call("/s/Get", v1::GetSweepRequest(), &response,
                 [&heard](std::optional<RpcError> error) { heard = std::move(error); });

    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->code, code);
    EXPECT_EQ(run, times_run);
    EXPECT_EQ(codes, std::vector<std::string>{std::string(CodeName(code))});
  }
}

TEST(MethodTable, HasEveryMethodOfTheWire) {
  MethodTable methods([](std::string_view, std::string_view, double) {});
  AddMethods(&methods, nullptr);
  AddMaintenanceMethods(&methods, nullptr);
  int services = 0;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Sweep::descriptor()->file(), v1::SynchronizeRequest::descriptor()->file(),
        v1::CreateBackupRequest::descriptor()->file()}) {
    services += file->service_count();
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const google::protobuf::MethodDescriptor* wire = file->service(s)->method(m);
        const std::string path = "/" + wire->service()->full_name() + "/" + wire->name();
        const MethodTable::Method* method = methods.Find(path);
        ASSERT_NE(method, nullptr) << path;
        EXPECT_EQ(method->request->GetDescriptor(), wire->input_type()) << path;
        EXPECT_EQ(method->response->GetDescriptor(), wire->output_type()) << path;
        EXPECT_EQ(method->json, wire->service()->name() != "AgentService") << path;
      }
    }
  }
  EXPECT_EQ(MakeServices(methods).size(), static_cast<size_t>(services));
  EXPECT_EQ(ServiceNames().size(), static_cast<size_t>(services));
}

}  // namespace
}  // namespace optfleet::rpc
