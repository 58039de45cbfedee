// What the coordinator's HTTP port serves: a page that names the commands, /healthz, /metrics, and the JSON
// methods.
#pragma once

#include <functional>
#include <string>

#include "coordinator/http/server.h"

namespace optfleet::http {

// How the pages reach the rest of the process. Each function is called on the server's thread and must not
// block; answers may be given later from any thread.
struct PageSources {
  std::string version;
  // An empty string if healthy, else one sentence.
  std::function<void(std::function<void(std::string)>)> health;
  std::function<void(std::function<void(std::string)>)> metrics_text;
  std::function<bool(const std::string& path)> is_method;
  std::function<void(const std::string& path, const std::string& body, std::function<void(int, std::string)>)>
      call;
};

// Methods take POST with content type application/json only: a form of a foreign page cannot send that
// without asking first.
Handler MakePages(PageSources sources);

}  // namespace optfleet::http
