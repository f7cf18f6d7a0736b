// Processor time, in user mode and in the kernel: what moves little with a machine's other work, where wall time moves much.
#pragma once

#include <cstdint>

namespace varve::bench {

// Of the calling thread; of all threads of the process, those that have ended too.
uint64_t thread_processor_ns();
uint64_t process_processor_ns();

}  // namespace varve::bench
