// varve: the one binary. See commands.h for the subcommands and exit codes.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "api/cli/commands.h"
#include "base/io/process.h"

namespace varve::api {

int report_failure(const std::string& message) {
  std::fprintf(stderr, "varve: %s\n", message.c_str());
  return 1;
}

int report_failure(const Status& status) { return report_failure(status.to_string()); }

namespace {

int run(int argc, char** argv) {
  io::turn_signals_into_errors();
  CLI::App app("Varve: DynamoDB semantics on one durable storage engine", "varve");
  app.require_subcommand(1);
  app.set_version_flag("--version", "varve 0.1.0");
  int exit_code = 0;
  add_serve_command(&app, &exit_code);
  add_load_command(&app, &exit_code);
  add_stream_command(&app, &exit_code);
  add_verify_command(&app, &exit_code);
  add_dump_command(&app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}

}  // namespace
}  // namespace varve::api

int main(int argc, char** argv) { return varve::api::run(argc, argv); }
