#include "coordinator/app/address.h"

#include <gtest/gtest.h>

namespace optfleet::app {
namespace {

TEST(Address, IsReadAndWrittenAlike) {
  for (const char* text : {"127.0.0.1:7070", "[::1]:0", "localhost:65535", "0.0.0.0:1", "[fe80::1]:80"}) {
    const auto address = ParseAddress(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->Text(), text);
  }
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* text :
       {"", "127.0.0.1", ":7070", "host:", "host:65536", "host:-1", "host:7070x", "::1:80", "host: 80"}) {
    const auto address = ParseAddress(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code(), Code::kInvalidArgument);
  }
}

TEST(Address, KnowsWhatOthersCanReach) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1"})
    EXPECT_TRUE(IsLoopback({host, 1})) << host;
  for (const char* host :
       {"0.0.0.0", "::", "192.168.0.1", "example.org", "localhost.example.org", "128.0.0.1"}) {
    EXPECT_FALSE(IsLoopback({host, 1})) << host;
  }
}

}  // namespace
}  // namespace optfleet::app
