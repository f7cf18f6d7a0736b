// The systems that are measured over HTTP: Varve, and the rivals that happen to be installed.
//
//   varve      `varve serve` on a fresh directory of the bench's; every write durable before it is answered
//   dynalite   cli.js of the npm package under node, its data in memory
//   moto       moto_server, its data in memory
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/http/server_process.h"

namespace varve::bench {

struct SystemPaths {
  std::string varve;      // the binary
  std::string dynalite;   // cli.js; empty: left out
  std::string moto;       // moto_server; empty: left out
  std::string directory;  // of data and logs; on the disk that is to be measured
  std::string durability = "sync";
};

struct System {
  std::string name;
  std::unique_ptr<ServerProcess> server;
};

// Starts those whose path is not empty, makes the table in each and loads its items. The directory is emptied first.
Result<std::vector<System>> start_systems(const SystemPaths& paths, uint64_t items, uint64_t seed);

}  // namespace varve::bench
