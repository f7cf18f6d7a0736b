// without_uring COMMAND [ARGUMENT...]: runs a command where io_uring is refused. The tests run the engine a second time this way, on
// the POSIX driver.
#include <unistd.h>

#include <cstdio>

#include "tests/support/deny_io_uring.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: without_uring COMMAND [ARGUMENT...]\n");
    return 2;
  }
  if (!varve::deny_io_uring()) {
    std::perror("without_uring: seccomp");
    return 2;
  }
  execvp(argv[1], argv + 1);
  std::perror(argv[1]);
  return 2;
}
