#include "worker/rpc/endpoint.h"

#include <gtest/gtest.h>

#include "common/rundir/documents.h"
#include "tests/rundir/temporary_folder.h"

namespace optfleet::worker {
namespace {

TEST(Endpoint, AnAddressIsTakenAsItIs) {
  EXPECT_EQ((Endpoint{"head:7070", ""}.Resolve().value()), "head:7070");
}

TEST(Endpoint, AFileIsReadAgainEachTime) {
  const TemporaryFolder folder;
  const Endpoint endpoint{"", folder / "endpoint.json"};
  EXPECT_EQ(endpoint.Resolve().error().code(), Code::kUnavailable);
  for (const char* half : {"", "{", "{\"grpc\": 1}", "[]"}) {
    ASSERT_TRUE(rundir::WriteFileAtomically(folder.path(), "endpoint.json", half));
    EXPECT_EQ(endpoint.Resolve().error().code(), Code::kUnavailable) << half;
  }
  for (const std::string address : {"127.0.0.1:1", "127.0.0.1:2"}) {
    ASSERT_TRUE(rundir::WriteFileAtomically(folder.path(), "endpoint.json",
                                            R"({"grpc": ")" + address + R"(", "pid": 3})"));
    EXPECT_EQ(endpoint.Resolve().value(), address);
  }
}

}  // namespace
}  // namespace optfleet::worker
