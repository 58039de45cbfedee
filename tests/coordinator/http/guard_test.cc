#include "coordinator/http/guard.h"

#include <gtest/gtest.h>

namespace optfleet::http {
namespace {

TEST(Guard, OnLoopbackOnlyLoopbackNamesAreOurs) {
  for (const char* host : {"127.0.0.1:7080", "127.0.0.1", "localhost:1234", "[::1]:7080", "127.1.2.3"}) {
    EXPECT_TRUE(IsOurHost(host, "127.0.0.1")) << host;
  }
  for (const char* host : {"", "evil.example", "evil.example:7080", "localhost.evil.example",
                           "192.168.1.5:7080", "[", "127.0.0.1.evil"}) {
    EXPECT_FALSE(IsOurHost(host, "127.0.0.1")) << host;
  }
}

TEST(Guard, OnANetworkLiteralAddressesAreOursAndNamesAreNot) {
  EXPECT_TRUE(IsOurHost("192.168.1.5:7080", "0.0.0.0"));
  EXPECT_TRUE(IsOurHost("localhost:7080", "0.0.0.0"));
  EXPECT_TRUE(IsOurHost("192.168.1.5", "192.168.1.5"));
  EXPECT_FALSE(IsOurHost("rebound.example:7080", "0.0.0.0"));
}

TEST(Guard, AnOriginMustBeTheHost) {
  EXPECT_TRUE(IsOurOrigin("", "localhost:7080"));
  EXPECT_TRUE(IsOurOrigin("http://localhost:7080", "localhost:7080"));
  for (const char* origin :
       {"http://evil.example", "http://localhost:8080", "https://localhost:7080", "null"}) {
    EXPECT_FALSE(IsOurOrigin(origin, "localhost:7080")) << origin;
  }
}

}  // namespace
}  // namespace optfleet::http
