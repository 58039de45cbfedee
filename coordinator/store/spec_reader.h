// Whole specs of jobs, one after the other.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "common/names.h"
#include "coordinator/store/spec_delta.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// Remembers the specs that others are kept by: a job that was given out is never deleted, nor is its base.
class SpecReader {
 public:
  static Result<SpecReader> Prepare(Connection* connection);

  // NOT_FOUND; DATA_LOSS if it does not fit the job it is kept by.
  Result<std::string> Read(const JobName& job);

 private:
  struct Base {
    JobName job;
    std::unique_ptr<std::string> text;  // stays where it is
    SpecBase spec;
  };
  explicit SpecReader(Statement statement) : statement_(std::move(statement)) {}
  Result<const SpecBase*> FindBase(const JobName& job);

  Statement statement_;
  std::deque<Base> bases_;  // the newest first
};

}  // namespace optfleet::store
