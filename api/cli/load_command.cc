#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "api/cli/commands.h"
#include "api/cli/load.h"
#include "api/cli/local_database.h"
#include "api/cli/progress.h"
#include "base/io/clock.h"
#include "base/io/process.h"

namespace varve::api {
namespace {

constexpr const char* kExamples = R"(
Examples:
  apt-cache dumpavail | varve load --endpoint http://localhost:8000 --table Packages -
  varve load --data ./data --table Packages --partition-key Section --sort-key Package packages.txt
  varve load --endpoint http://localhost:8000 --table Packages --ack-log acked.jsonl --resume packages.txt

Records are "Field: value" lines separated by empty lines, as apt-cache dumpavail prints them; every field becomes a
string attribute. The table is created when there is none. Loading the same records again changes nothing.
)";

struct Arguments {
  std::string endpoint, data, file = "-", ack_log;
  LoadOptions load;
  bool resume = false, quiet = false;
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, CloseFile>;

// One JSON array a record: [number, partition key value, sort key value].
class AckLog {
 public:
  Status open(const std::string& path, bool append) {
    if (path.empty()) return {};
    path_ = path;
    file_.reset(std::fopen(path.c_str(), append ? "ab" : "wb"));
    return file_ == nullptr ? Status::from_errno(errno, "open", path) : Status();
  }

  // In the kernel's hands on return: it survives the death of this process, not of the machine.
  Status write(const std::vector<Loader::Acknowledged>& batch) {
    if (file_ == nullptr) return {};
    std::string lines;
    for (const auto& record : batch) {
      lines += "[" + std::to_string(record.record_number) + ",";
      append_json_string(record.partition_value, &lines);
      lines.push_back(',');
      append_json_string(record.sort_value, &lines);
      lines += "]\n";
    }
    const bool written = std::fwrite(lines.data(), 1, lines.size(), file_.get()) == lines.size();
    return written && std::fflush(file_.get()) == 0 ? Status() : Status::from_errno(errno, "write", path_);
  }

 private:
  std::string path_;
  FileHandle file_;
};

// The last record number of an earlier run's log; 0 when there is none.
uint64_t last_acknowledged(const std::string& path) {
  const FileHandle file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return 0;
  uint64_t last = 0;
  char line[8192];
  while (std::fgets(line, sizeof(line), file.get()) != nullptr) {
    unsigned long long number = 0;
    const bool whole = Slice(line).ends_with("]\n");
    if (whole && std::sscanf(line, "[%llu,", &number) == 1) last = std::max<uint64_t>(last, number);
  }
  return last;
}

std::string describe(const LoadProgress& progress, uint64_t elapsed_ns) {
  const double seconds = static_cast<double>(std::max<uint64_t>(elapsed_ns, 1)) / 1e9;
  const auto rate = static_cast<uint64_t>(static_cast<double>(progress.records) / seconds);
  std::string text = with_thousands(progress.records) + " records, " + human_bytes(progress.bytes) + ", " +
                     with_thousands(rate) + " records/s";
  if (progress.retries > 0) text += ", " + with_thousands(progress.retries) + " retries";
  return text;
}

Status load(Arguments arguments) {
  FileHandle opened;
  std::FILE* input = stdin;
  if (arguments.file != "-") {
    opened.reset(std::fopen(arguments.file.c_str(), "rb"));
    if (opened == nullptr) return Status::from_errno(errno, "open", arguments.file);
    input = opened.get();
  }
  if (arguments.resume) arguments.load.skip_records = last_acknowledged(arguments.ack_log);
  AckLog ack_log;
  VARVE_RETURN_IF_ERROR(ack_log.open(arguments.ack_log, arguments.resume));

  std::unique_ptr<LocalDatabase> database;
  VARVE_ASSIGN_OR_RETURN(Transport transport, open_transport(arguments.endpoint, arguments.data, &database));
  io::note_interrupts();
  Loader loader(std::move(transport), arguments.load);
  VARVE_RETURN_IF_ERROR(loader.ensure_table());

  Deb822Reader reader([input](MutableSlice out) -> Result<size_t> {
    const size_t count = std::fread(out.data(), 1, out.size(), input);
    if (count == 0 && std::ferror(input) != 0) return Status::from_errno(errno, "read", "input");
    return count;
  });
  ProgressLine line(arguments.quiet);
  Status loaded = loader.run(
      &reader,
      [&](const std::vector<Loader::Acknowledged>& batch) {
        line.update([&] { return describe(loader.progress(), line.elapsed_ns()); });
        return ack_log.write(batch);
      },
      [] { return !io::interrupted(); });
  line.finish();
  const LoadProgress& progress = loader.progress();
  std::printf("%s%s\n", loaded.ok() && !io::interrupted() ? "loaded " : "acknowledged so far: ",
              describe(progress, line.elapsed_ns()).c_str());
  if (progress.skipped > 0) {
    std::fprintf(stderr, "varve: %s records lack a key field and were skipped\n",
                 with_thousands(progress.skipped).c_str());
  }
  if (database != nullptr) {
    const Status closed = database->close();
    if (loaded.ok()) return closed;
  }
  return loaded;
}

}  // namespace

void add_load_command(CLI::App* app, int* exit_code) {
  auto* command = app->add_subcommand("load", "Load deb822 records (apt-cache dumpavail) into a table");
  auto arguments = std::make_shared<Arguments>();
  auto* endpoint = command->add_option("--endpoint", arguments->endpoint, "URL of a running server");
  auto* data = command->add_option("--data", arguments->data, "Directory to open instead of a server");
  endpoint->excludes(data);
  command->add_option("--table", arguments->load.table, "Table to load into")->required();
  command->add_option("--partition-key", arguments->load.partition_key, "Field that is the partition key")
      ->capture_default_str();
  command->add_option("--sort-key", arguments->load.sort_key, "Field that is the sort key; '' for none")
      ->capture_default_str();
  auto* ack_log = command->add_option("--ack-log", arguments->ack_log,
                                      "File that gets a line for each acknowledged record");
  command->add_flag("--resume", arguments->resume, "Skip what --ack-log says is loaded, and append to it")
      ->needs(ack_log);
  command->add_flag("--quiet", arguments->quiet, "No progress line");
  command->add_option("file", arguments->file, "Input; '-' is standard input")->required();
  command->footer(kExamples);
  command->callback([arguments, exit_code] {
    if (arguments->endpoint.empty() == arguments->data.empty()) {
      throw CLI::ValidationError("load", "give one of --endpoint and --data");
    }
    const Status status = load(*arguments);
    *exit_code = status.ok() ? (io::interrupted() ? 130 : 0) : report_failure(status);
  });
}

}  // namespace varve::api
