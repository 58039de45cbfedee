#include "common/content_stamp.h"

#include <gtest/gtest.h>

namespace optfleet {
namespace {

TEST(ContentStamp, IsTheChecksumOfAllBytesAndTheirNumber) {
  EXPECT_EQ(ContentStamp("123456789"), "e3069283-9") << "the check value of CRC-32C";
  EXPECT_EQ(ContentStamp(""), "00000000-0");
  EXPECT_NE(ContentStamp("to be"), ContentStamp("to bf"));
}

TEST(ContentStamp, OfAPreparedFileLooksAtItsHeaderAndSize) {
  std::string file(kPreparedMagic);
  file.resize(207, 'x');
  const std::string stamp = ContentStamp(file);
  file.back() = 'y';
  EXPECT_EQ(ContentStamp(file), stamp) << "the header's checksum stands for the rest";
  file.push_back('z');
  EXPECT_NE(ContentStamp(file), stamp);
  file.pop_back();
  file[20] = 'y';
  EXPECT_NE(ContentStamp(file), stamp);
}

TEST(ContentStamp, OfAFileTooShortForAHeaderIsOfAllBytes) {
  EXPECT_NE(ContentStamp("OPTFTOKx"), ContentStamp("OPTFTOKy"));
}

}  // namespace
}  // namespace optfleet
