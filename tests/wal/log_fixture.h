// What the log's tests share: a simulated disk with a log directory, and a miniature of the store's manifest, which
// keeps the live generations as the store does (one durable file, replaced whole).
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/coding.h"
#include "base/io/entropy.h"
#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "wal/log.h"

namespace varve::wal {

inline constexpr char kLogDirectory[] = "store/log";
inline constexpr char kManifest[] = "store/manifest";

inline LogOptions small_options(io::Driver* driver) {
  LogOptions options;
  options.driver = driver;
  options.directory = kLogDirectory;
  options.first_segment_bytes = 64u << 10;
  options.max_segment_bytes = 64u << 10;
  options.max_frame_bytes = 16u << 10;
  return options;
}

struct Replayed {
  uint64_t sequence;
  uint64_t commit_time_us;
  RecordKind kind;
  uint64_t origin;
  std::string payload;
};

// The store's duty beside the log: generations in a durable file.
struct Manifest {
  std::vector<Generation> generations;
  uint64_t flushed_before = 0;  // `from`

  Status save(io::Driver* driver) const {
    std::string bytes;
    ByteWriter writer(&bytes);
    writer.varint(flushed_before);
    for (const Generation& generation : generations) {
      std::string one;
      generation.encode(&one);
      writer.string(one);
    }
    return io::write_file_atomically(driver, kManifest, bytes);
  }

  static Result<Manifest> load(io::Driver* driver) {
    Manifest manifest;
    VARVE_ASSIGN_OR_RETURN(const bool exists, driver->exists(kManifest));
    if (!exists) return manifest;
    VARVE_ASSIGN_OR_RETURN(const std::string bytes, io::read_file(driver, kManifest, 1u << 20));
    ByteReader reader(bytes);
    manifest.flushed_before = reader.varint();
    while (reader.remaining() > 0) {
      VARVE_ASSIGN_OR_RETURN(const Generation generation, Generation::decode(reader.string()));
      manifest.generations.push_back(generation);
    }
    return manifest;
  }
};

struct OpenedLog {
  Manifest manifest;
  RecoveryReport report;
  std::vector<Replayed> replayed;
  std::unique_ptr<Log> log;
};

inline Result<OpenedLog> recover_log(const LogOptions& options) {
  OpenedLog opened;
  VARVE_ASSIGN_OR_RETURN(opened.manifest, Manifest::load(options.driver));
  VARVE_ASSIGN_OR_RETURN(
      opened.report,
      Log::recover(options, opened.manifest.generations, SequenceNumber(opened.manifest.flushed_before),
                   [&](const ReplayedRecord& record) {
                     opened.replayed.push_back({record.sequence.value, record.commit_time_us, record.kind,
                                                record.origin, std::string(record.payload)});
                     return Status();
                   }));
  return opened;
}

// Recovers, starts, and records the new generation: everything that opening a store does with its log.
inline Result<OpenedLog> open_log(const LogOptions& options) {
  VARVE_RETURN_IF_ERROR(options.driver->create_directory("store"));
  VARVE_RETURN_IF_ERROR(options.driver->create_directory(kLogDirectory));
  VARVE_RETURN_IF_ERROR(options.driver->sync_directory("."));
  VARVE_RETURN_IF_ERROR(options.driver->sync_directory("store"));
  VARVE_ASSIGN_OR_RETURN(OpenedLog opened, recover_log(options));
  VARVE_ASSIGN_OR_RETURN(opened.log,
                         Log::start(options, opened.manifest.generations, opened.report, io::random_id()));
  std::vector<Generation>& generations = opened.manifest.generations;
  if (!generations.empty() && !generations.back().ended) {
    generations.back().ended = true;
    generations.back().end = opened.report.end;
  }
  generations.push_back(opened.log->generation());
  VARVE_RETURN_IF_ERROR(opened.manifest.save(options.driver));
  return opened;
}

inline Result<Log::Appended> append(Log* log, std::string payload) {
  return log->append(1, 7, MutableSlice(payload.data(), payload.size()), {});
}

inline Result<SequenceNumber> put(Log* log, std::string payload) {
  VARVE_ASSIGN_OR_RETURN(const Log::Appended appended, append(log, std::move(payload)));
  VARVE_RETURN_IF_ERROR(log->sync(appended.sequence));
  return appended.sequence;
}

}  // namespace varve::wal
