// run_closed_loop: a fixed number of connections, each of which sends a request, waits for the whole answer, and sends
// the next. One thread on the repository's own reactor, so that the client costs the machine as little as it can.
//
// What it measures: from a request being queued to the last byte of its answer. What it cannot: a server that stalls
// also stalls the arrival of requests, so percentiles of a closed loop say nothing about an open system under the same
// rate (coordinated omission). Rates and ratios are what it is for.
//
// Errors: an answer other than 200 ends the run with its body; so does a connection refused. A server that closes after
// each answer ("Connection: close") is connected to anew, and pays for it.
#pragma once

#include <cstdint>
#include <string>

#include "api/cli/http_client.h"
#include "base/result.h"
#include "bench/http/requests.h"
#include "bench/measurement.h"

namespace varve::bench {

struct LoadOptions {
  api::Endpoint endpoint;
  Operation operation = Operation::kEmptyReply;
  int connections = 1;
  double warmup_seconds = 0.2;  // not measured
  double seconds = 1;
};

Result<Measurement> run_closed_loop(const LoadOptions& options, Requests* requests);

}  // namespace varve::bench
