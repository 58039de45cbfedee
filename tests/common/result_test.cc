#include "common/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace optfleet {
namespace {

Status FailWhen(bool fails) {
  OPTFLEET_RETURN_IF_ERROR(fails ? Status(Fail(Code::kNotFound, "no such sweep")) : Status());
  return Fail(Code::kAborted, "went on");
}

TEST(Result, AnErrorReturnsAtOnce) {
  EXPECT_EQ(FailWhen(true).error().code(), Code::kNotFound);
  EXPECT_EQ(FailWhen(false).error().code(), Code::kAborted);
}

TEST(Result, ContextStandsInFront) {
  const Error error = Error(Code::kDataLoss, "checksum differs").In("step-10").In("resume");
  EXPECT_EQ(error.message(), "resume: step-10: checksum differs");
  EXPECT_EQ(error.code(), Code::kDataLoss);
}

TEST(Result, ErrnoBecomesTheFittingCode) {
  EXPECT_EQ(ErrnoError(ENOSPC, "write").code(), Code::kResourceExhausted);
  EXPECT_EQ(ErrnoError(ENOENT, "open").code(), Code::kNotFound);
  EXPECT_EQ(ErrnoError(EROFS, "open").code(), Code::kPermissionDenied);
  EXPECT_EQ(ErrnoError(EADDRINUSE, "listen").code(), Code::kAlreadyExists);
  EXPECT_EQ(ErrnoError(EIO, "read").code(), Code::kUnavailable);
  EXPECT_EQ(ErrnoError(ENOENT, "open a.yaml").message(), "open a.yaml: No such file or directory");
}

TEST(Result, NamesAreThoseOfTheWire) {
  EXPECT_EQ(CodeName(Code::kInvalidArgument), "INVALID_ARGUMENT");
  EXPECT_EQ(CodeName(Code::kUnauthenticated), "UNAUTHENTICATED");
}

}  // namespace
}  // namespace optfleet
