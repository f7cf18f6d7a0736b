#include "bench/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

namespace varve::bench {
namespace {

std::string processor_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "processors";
}

}  // namespace

std::string machine_description() {
  utsname machine{};
  ::uname(&machine);
  return std::string(machine.sysname) + " " + machine.release + " " + machine.machine + ", " +
         std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) + " x " + processor_model();
}

}  // namespace varve::bench
