// The subcommands of the one binary `varve`. Each adds itself to the command line and, when chosen, runs to its exit
// code.
//
// Exit codes: 0 done, 1 something is wrong (said on standard error), 2 the command line is wrong, 128 + n ended by
// signal n.
#pragma once

#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace varve::api {

void add_serve_command(CLI::App* app, int* exit_code);
void add_verify_command(CLI::App* app, int* exit_code);
void add_dump_command(CLI::App* app, int* exit_code);
void add_load_command(CLI::App* app, int* exit_code);
void add_stream_command(CLI::App* app, int* exit_code);
void add_stream_exec_command(CLI::App* streams, int* exit_code);  // below it

// "varve: <message>" on standard error; answers 1.
int report_failure(const std::string& message);
int report_failure(const Status& status);

}  // namespace varve::api
