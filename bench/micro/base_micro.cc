// Coding and hashing.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/coding.h"
#include "base/hash.h"
#include "base/random.h"

namespace varve {
namespace {

void VarintEncode(benchmark::State& state) {
  Random random(1);
  std::vector<uint64_t> values(1024);
  for (uint64_t& value : values) value = random.next() >> random.below(64);
  std::string out;
  for (auto _ : state) {
    out.clear();
    ByteWriter writer(&out);
    for (const uint64_t value : values) writer.varint(value);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(values.size()));
}
BENCHMARK(VarintEncode);

void VarintDecode(benchmark::State& state) {
  Random random(1);
  std::string bytes;
  ByteWriter writer(&bytes);
  for (int i = 0; i < 1024; ++i) writer.varint(random.next() >> random.below(64));
  for (auto _ : state) {
    ByteReader reader(bytes);
    uint64_t sum = 0;
    for (int i = 0; i < 1024; ++i) sum += reader.varint();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * 1024);
}
BENCHMARK(VarintDecode);

void Hash64(benchmark::State& state) {
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(hash64(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Hash64)->Arg(16)->Arg(128)->Arg(4096)->Arg(65536);

}  // namespace
}  // namespace varve
