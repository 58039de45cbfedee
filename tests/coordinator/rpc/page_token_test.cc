#include "coordinator/rpc/page_token.h"

#include <gtest/gtest.h>

namespace optfleet::rpc {
namespace {

TEST(PageToken, ComesBackAsItsKey) {
  for (const std::string& key : {std::string("a"), std::string("sweeps/lr/jobs/17"),
                                 std::string("1700000000000000/lr"), std::string("\0\xff", 2)}) {
    EXPECT_EQ(ReadPageToken(MakePageToken("ListJobs sweeps/lr", key), "ListJobs sweeps/lr"), key);
  }
}

TEST(PageToken, EmptyIsTheFirstPage) { EXPECT_EQ(ReadPageToken("", "ListSweeps"), ""); }

TEST(PageToken, BelongsToOneList) {
  const auto other =
      ReadPageToken(MakePageToken("ListJobs sweeps/a", "sweeps/a/jobs/3"), "ListJobs sweeps/b");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kInvalidArgument);
  EXPECT_EQ(other.error().violations.at(0).field, "page_token");
}

TEST(PageToken, EveryChangedCharacterIsNoticed) {
  const std::string token = MakePageToken("ListSweeps", "1700000000000000/lr");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_FALSE(ReadPageToken(changed, "ListSweeps")) << "at " << i;
  }
  for (size_t length = 1; length < token.size(); ++length)
    EXPECT_FALSE(ReadPageToken(token.substr(0, length), "ListSweeps"));
  EXPECT_FALSE(ReadPageToken("not a token", "ListSweeps"));
}

TEST(PageSize, HasADefaultAndALimit) {
  EXPECT_EQ(PageSize(0), 100);
  EXPECT_EQ(PageSize(7), 7);
  EXPECT_EQ(PageSize(1000), 1000);
  EXPECT_EQ(PageSize(1'000'000), 1000);
  ASSERT_FALSE(PageSize(-1));
  EXPECT_EQ(PageSize(-1).error().violations.at(0).field, "page_size");
}

}  // namespace
}  // namespace optfleet::rpc
