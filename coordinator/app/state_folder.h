// The folder of a coordinator: made private, checked to be writable, and the endpoint file by which programs
// on this machine find it.
#pragma once

#include <string>

#include "common/result.h"

namespace optfleet::app {

// Creates it with its parents if needed (mode 0700) and checks that a file can be written in it. One sentence
// with the remedy: PERMISSION_DENIED (also a read-only file system), RESOURCE_EXHAUSTED (disk full),
// FAILED_PRECONDITION (not a folder).
Status PrepareStateFolder(const std::string& folder);

// FOLDER/endpoint.json: {"grpc": "127.0.0.1:7070", "http": "127.0.0.1:8080", "pid": 1}, there exactly while
// this process serves (and after a kill -9 until the next start).
Status WriteEndpoint(const std::string& folder, const std::string& grpc, const std::string& http);
void RemoveEndpoint(const std::string& folder);

}  // namespace optfleet::app
