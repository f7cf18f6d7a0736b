// Filter probes, block searches, memtable inserts and reads.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <vector>

#include "base/random.h"
#include "lsm/filter/blocked_bloom.h"
#include "lsm/memtable/memtable.h"
#include "lsm/sstable/block.h"
#include "lsm/sstable/block_builder.h"

namespace varve::lsm {
namespace {

std::string key_of(uint64_t i) {
  char buffer[24];
  std::snprintf(buffer, sizeof(buffer), "%016llu", static_cast<unsigned long long>(i));
  return buffer;
}

void FilterProbe(benchmark::State& state) {
  const bool present = state.range(0) != 0;
  const BlockedBloomPolicy policy(10);
  Random random(1);
  std::vector<uint64_t> hashes(100'000);
  for (uint64_t& hash : hashes) hash = random.next();
  std::string filter(policy.size_bytes(hashes.size()), '\0');
  policy.build(hashes, {filter.data(), filter.size()});
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy.may_contain(filter, present ? hashes[i % hashes.size()] : random.next()));
    ++i;
  }
}
BENCHMARK(FilterProbe)->ArgName("present")->Arg(0)->Arg(1);

void BlockSeek(benchmark::State& state) {
  BlockBuilder builder(16);
  std::vector<std::string> keys;
  const std::string value(100, 'v');
  for (uint64_t i = 0; builder.size_bytes() < 8192; ++i) {
    keys.push_back(key_of(2 * i));
    builder.add(make_internal_key(keys.back(), SequenceNumber(i + 1), ValueKind::kPut), value);
  }
  const std::string bytes(builder.finish());
  Block block;
  if (!block.parse(bytes)) state.SkipWithError("the block does not parse");
  Random random(1);
  for (auto _ : state) {
    const std::string& key = keys[random.below(keys.size())];
    benchmark::DoNotOptimize(block.lower_bound(key, pack_seek_trailer(kMaxSequence)));
  }
}
BENCHMARK(BlockSeek);

void MemtableInsert(benchmark::State& state) {
  const std::string value(100, 'v');
  Random random(1);
  Memtable* memtable = new Memtable;
  memtable->ref();
  uint64_t sequence = 0;
  for (auto _ : state) {
    memtable->insert(SequenceNumber(++sequence), ValueKind::kPut, key_of(random.next() % 10'000'000'000),
                     value);
    if (memtable->memory_bytes() > (64u << 20)) {
      state.PauseTiming();
      memtable->unref();
      memtable = new Memtable;
      memtable->ref();
      state.ResumeTiming();
    }
  }
  memtable->unref();
}
BENCHMARK(MemtableInsert);

void MemtableGet(benchmark::State& state) {
  const std::string value(100, 'v');
  constexpr uint64_t kKeys = 400'000;
  Random random(1);
  Memtable* memtable = new Memtable;
  memtable->ref();
  for (uint64_t i = 0; i < kKeys; ++i) {
    memtable->insert(SequenceNumber(i + 1), ValueKind::kPut, key_of(random.below(kKeys)), value);
  }
  for (auto _ : state) {
    const std::string key = key_of(random.below(kKeys));
    Memtable::Found found;
    benchmark::DoNotOptimize(memtable->get(LookupKey(key, kMaxSequence), &found));
  }
  memtable->unref();
}
BENCHMARK(MemtableGet);

}  // namespace
}  // namespace varve::lsm
