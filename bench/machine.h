// What a bench says about where it ran.
#pragma once

#include <string>

namespace varve::bench {

// System, release, architecture, processors: "Linux 6.1.0 x86_64, 2 x Intel(R) Xeon(R) ...".
std::string machine_description();

}  // namespace varve::bench
