// SyntaxCache: the syntax trees of texts that were parsed lately. Programs send the same few texts with other values, so a request
// usually finds its tree here and only binds its placeholders. A tree holds nothing of a request and never changes, so any number
// of requests share it.
//
// Bounds: kMaxTextBytes of text over all shards (a tree takes about ten times its text); of each shard the least lately used goes.
// Texts that do not parse are not kept.
//
// Threads: any; a shard's lock is held for a look-up, never while parsing. Two threads that miss at once both parse, and the first
// tree stays.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "api/expression/syntax.h"
#include "base/io/mutex.h"
#include "base/thread_annotations.h"

namespace varve::api::expression {

class SyntaxCache {
 public:
  static constexpr size_t kMaxTextBytes = 256u << 10;

  // kind: kCondition, kFilter or kKeyCondition. Errors are those of parsing (syntax.h).
  Result<std::shared_ptr<const ConditionSyntax>> condition(ExpressionKind kind, Slice text);
  Result<std::shared_ptr<const UpdateSyntax>> update(Slice text);
  Result<std::shared_ptr<const ProjectionSyntax>> projection(Slice text);

  struct Counters {
    uint64_t hits = 0, misses = 0;
    uint64_t entries = 0, text_bytes = 0;
  };
  Counters counters() const;

 private:
  struct Key {
    ExpressionKind kind;
    Slice text;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  struct Entry {
    ExpressionKind kind;
    std::string text;
    std::shared_ptr<const void> syntax;  // which of the three types follows from the kind
  };
  struct alignas(64) Shard {
    mutable io::Mutex mutex;
    std::list<Entry> entries VARVE_GUARDED_BY(mutex);  // the latest used first
    // The keys borrow their entry's text.
    std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> index VARVE_GUARDED_BY(mutex);
    uint64_t hits VARVE_GUARDED_BY(mutex) = 0;
    uint64_t misses VARVE_GUARDED_BY(mutex) = 0;
    size_t text_bytes VARVE_GUARDED_BY(mutex) = 0;
  };
  static constexpr size_t kShards = 16;

  template <typename Syntax, typename Parse>
  Result<std::shared_ptr<const Syntax>> find_or_parse(const Key& key, const Parse& parse);
  std::shared_ptr<const void> find(Shard* shard, const Key& key);
  // What is kept under the key afterwards.
  std::shared_ptr<const void> insert(Shard* shard, const Key& key, std::shared_ptr<const void> syntax);

  std::array<Shard, kShards> shards_;
};

// Through the cache, when there is one.
Result<std::shared_ptr<const ConditionSyntax>> condition_syntax(SyntaxCache* cache, ExpressionKind kind,
                                                                Slice text);
Result<std::shared_ptr<const UpdateSyntax>> update_syntax(SyntaxCache* cache, Slice text);
Result<std::shared_ptr<const ProjectionSyntax>> projection_syntax(SyntaxCache* cache, Slice text);

}  // namespace varve::api::expression
