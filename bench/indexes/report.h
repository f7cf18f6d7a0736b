// What a run of this bench found, for people and as one JSON line; and each bar with what was measured.
//
// A ratio of processor time is the one to trust on a machine that others use; the ratio of medians is beside it.
#pragma once

#include <string>
#include <vector>

#include "bench/indexes/background.h"
#include "bench/indexes/queries.h"
#include "bench/indexes/stream_latency.h"
#include "bench/indexes/sync_writes.h"
#include "bench/indexes/writes.h"
#include "bench/items/json_line.h"

namespace varve::bench {

void print_writes(const std::vector<WritesResult>& results);
void print_sync_writes(const std::vector<SyncWritesResult>& results);
void print_queries(const std::vector<QueriesResult>& results);
void print_stream_latency(const std::vector<StreamLatencyResult>& results);
void print_background(const BackgroundResult& result);

void add_to_line(const std::vector<WritesResult>& results, JsonLine* line);
void add_to_line(const std::vector<SyncWritesResult>& results, JsonLine* line);
void add_to_line(const std::vector<QueriesResult>& results, JsonLine* line);
void add_to_line(const std::vector<StreamLatencyResult>& results, JsonLine* line);
void add_to_line(const BackgroundResult& result, JsonLine* line);

}  // namespace varve::bench
