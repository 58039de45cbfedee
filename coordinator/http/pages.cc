#include "coordinator/http/pages.h"

#include <utility>

namespace optfleet::http {
namespace {

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kJson = "application/json";
constexpr const char* kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

std::string FrontPage(const std::string& version) {
  return R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Optfleet coordinator</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
pre { font-size: 14px; overflow-x: auto; padding: .8rem 1rem; border: 1px solid; border-radius: 6px; }
</style></head><body>
<h1>Optfleet coordinator</h1>
<p>Version )" +
         version + R"(. Sweeps are submitted and looked at from the command line:</p>
<pre>optctl submit sweep.yaml     submit a sweep
optctl watch SWEEP           follow it
optctl results SWEEP         its table
optctl report SWEEP          its page with curves
optctl worker list           the machines</pre>
<p>For programs: <a href="/metrics">/metrics</a> (Prometheus), <a href="/healthz">/healthz</a>, and every method as JSON:</p>
<pre>curl -H 'Content-Type: application/json' -d '{}' http://THIS-ADDRESS/optfleet.v1.SweepService/ListSweeps</pre>
</body></html>
)";
}

void ServeGet(const PageSources& sources, const Request& request, Respond respond) {
  if (request.path == "/") return respond({200, kHtml, FrontPage(sources.version)});
  if (request.path == "/metrics") {
    return sources.metrics_text([respond](std::string text) {
      respond({200, kPrometheusText, std::move(text)});
    });
  }
  if (request.path == "/healthz") {
    return sources.health([respond](std::string problem) {
      problem.empty() ? respond({200, kText, "ok\n"}) : respond({503, kText, problem + "\n"});
    });
  }
  if (sources.is_method(request.path))
    return respond({405, kText, "use POST with content type application/json\n"});
  respond({404, kText, "nothing is here; see /\n"});
}

void ServePost(const PageSources& sources, const Request& request, Respond respond) {
  if (!sources.is_method(request.path))
    return respond({404, kText, "there is no method " + request.path + "\n"});
  if (request.content_type != "application/json") {
    return respond({415, kText, "the content type must be application/json\n"});
  }
  sources.call(request.path, request.body, [respond](int status, std::string body) {
    respond({status, kJson, std::move(body)});
  });
}

}  // namespace

Handler MakePages(PageSources sources) {
  return [sources = std::move(sources)](const Request& request, Respond respond) {
    if (request.method == "GET" || request.method == "HEAD")
      return ServeGet(sources, request, std::move(respond));
    if (request.method == "POST") return ServePost(sources, request, std::move(respond));
    respond({405, kText, "use GET or POST\n"});
  };
}

}  // namespace optfleet::http
