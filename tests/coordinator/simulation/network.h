// Calls between the programs of the cluster, as bytes. A request or its answer may be lost, doubled or late;
// a caller may be cut off; a caller hears of each call exactly once, at its deadline at the latest.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "common/result.h"
#include "tests/coordinator/simulation/context.h"

namespace optfleet::simulation {

// Of one run, so that calm and stormy networks are both met.
struct NetworkOptions {
  double lost = 0;     // of requests, and again of answers
  double doubled = 0;  // of requests
  double delayed = 0;  // of both
  Duration longest_delay = std::chrono::seconds(8);
};

class Network {
 public:
  using Reply = std::function<void(Result<std::string>)>;
  // UNAVAILABLE at once if nobody listens.
  using Server = std::function<void(const std::string& path, const std::string& request, Reply reply)>;

  Network(Context* context, NetworkOptions options) : context_(context), options_(options) {}

  void SetServer(Server server) { server_ = std::move(server); }
  void Call(const std::string& from, const std::string& path, std::string request, Duration patience,
            Reply done);

  void CutOff(const std::string& who, Time until) { cut_off_[who] = std::max(cut_off_[who], until); }
  void Heal() { cut_off_.clear(); }
  bool IsCutOff(const std::string& who) const;

 private:
  struct Pending;
  Duration Delay();
  bool Loses(const std::string& from, Fault fault);

  Context* context_;
  NetworkOptions options_;
  Server server_;
  std::map<std::string, Time> cut_off_;
};

}  // namespace optfleet::simulation
