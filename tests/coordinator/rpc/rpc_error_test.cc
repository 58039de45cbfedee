#include "coordinator/rpc/rpc_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"

namespace optfleet::rpc {
namespace {

using testing::EndsWith;
using testing::SizeIs;

template <typename Detail>
std::optional<Detail> Find(const google::rpc::Status& status) {
  std::optional<Detail> found;
  for (const auto& any : status.details()) {
    Detail detail;
    if (any.Is<Detail>() && any.UnpackTo(&detail)) {
      EXPECT_FALSE(found) << "two of one kind";
      found = detail;
    }
  }
  return found;
}

TEST(RpcError, ReachesTheClientWithItsDetails) {
  const grpc::Status status = ToGrpcStatus(NotFound("optfleet.v1.Sweep", "sweeps/lr"));

  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "sweeps/lr does not exist");
  google::rpc::Status wire;
  ASSERT_TRUE(wire.ParseFromString(status.error_details()));
  EXPECT_EQ(wire.code(), 5);
  const auto info = Find<google::rpc::ErrorInfo>(wire);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->reason(), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(info->domain(), "optfleet");
  EXPECT_EQ(info->metadata().at("name"), "sweeps/lr");
  const auto resource = Find<google::rpc::ResourceInfo>(wire);
  ASSERT_TRUE(resource);
  EXPECT_EQ(resource->resource_type(), "optfleet.v1.Sweep");
  EXPECT_EQ(resource->resource_name(), "sweeps/lr");
  EXPECT_FALSE(Find<google::rpc::BadRequest>(wire));
  EXPECT_FALSE(Find<google::rpc::RetryInfo>(wire));
}

TEST(RpcError, AnErrorFromBelowKeepsCodeAndSentence) {
  const auto status = ToRpcStatus(FromError(Error(Code::kDataLoss, "metrics.db is damaged")));
  EXPECT_EQ(status.code(), 15);
  EXPECT_EQ(status.message(), "metrics.db is damaged");
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(status)->reason(), "DATA_LOSS");
}

TEST(RpcError, OverloadSaysWhenToComeBack) {
  const auto status = ToRpcStatus(Overloaded("engine", std::chrono::milliseconds(1500)));
  EXPECT_EQ(status.code(), 8);
  const auto retry = Find<google::rpc::RetryInfo>(status);
  ASSERT_TRUE(retry);
  EXPECT_EQ(retry->retry_delay().seconds(), 1);
  EXPECT_EQ(retry->retry_delay().nanos(), 500'000'000);
}

TEST(RpcError, ManyProblemsStayBelowTheMetadataLimitOfClients) {
  RpcError error{Code::kInvalidArgument, "SWEEP_INVALID", ""};
  for (int i = 0; i < 1000; ++i) {
    error.message += "sweep.yaml:" + std::to_string(i) + ":3: unknown key `lerning_rate` in `optimizer`\n";
    error.violations.push_back(
        {"sweep.files[0]:" + std::to_string(i) + ":3", "unknown key `lerning_rate` in `optimizer`"});
  }

  const auto status = ToRpcStatus(error);

  // Details are sent as base64, line ends of the message as %0A.
  EXPECT_LT(status.ByteSizeLong() * 4 / 3 + status.message().size() * 3 / 2, 8192u);
  EXPECT_THAT(status.message(), EndsWith("\n..."));
  const int sent = Find<google::rpc::BadRequest>(status)->field_violations_size();
  EXPECT_GT(sent, 10);
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(status)->metadata().at("violations_left_out"),
            std::to_string(1000 - sent));
}

TEST(RpcError, ALongLineIsNotCutInsideACharacter) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "\u00e4";
  const auto status = ToRpcStatus(RpcError{Code::kInternal, "TEST", text});
  const std::string cut = status.message().substr(0, status.message().size() - 4);
  EXPECT_EQ(cut.size() % 2, 0u);
  EXPECT_EQ(cut, text.substr(0, cut.size()));
}

TEST(RpcError, BytesThatAreNoTextAreReplaced) {
  const auto status = ToRpcStatus(BadField("name", "must be an id, found \"\xff\xc3\""));
  EXPECT_EQ(status.message(), "name must be an id, found \"??\"");
  EXPECT_EQ(Find<google::rpc::BadRequest>(status)->field_violations(0).description(),
            "must be an id, found \"??\"");
}

}  // namespace
}  // namespace optfleet::rpc
