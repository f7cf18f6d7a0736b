#include "api/expression/syntax_cache.h"

#include <utility>

#include "base/hash.h"

namespace varve::api::expression {

size_t SyntaxCache::KeyHash::operator()(const Key& key) const {
  return hash64(key.text) + static_cast<size_t>(key.kind);
}

template <typename Syntax, typename Parse>
Result<std::shared_ptr<const Syntax>> SyntaxCache::find_or_parse(const Key& key, const Parse& parse) {
  // The low bits choose a bucket of the shard's table.
  Shard* const shard = &shards_[(KeyHash()(key) >> 32) % kShards];
  std::shared_ptr<const void> syntax = find(shard, key);
  if (syntax == nullptr) {
    VARVE_ASSIGN_OR_RETURN(syntax, parse());
    syntax = insert(shard, key, std::move(syntax));
  }
  return std::static_pointer_cast<const Syntax>(std::move(syntax));
}

std::shared_ptr<const void> SyntaxCache::find(Shard* shard, const Key& key) {
  const io::MutexLock lock(&shard->mutex);
  const auto found = shard->index.find(key);
  if (found == shard->index.end()) {
    ++shard->misses;
    return nullptr;
  }
  ++shard->hits;
  shard->entries.splice(shard->entries.begin(), shard->entries, found->second);
  return found->second->syntax;
}

std::shared_ptr<const void> SyntaxCache::insert(Shard* shard, const Key& key,
                                                std::shared_ptr<const void> syntax) {
  const io::MutexLock lock(&shard->mutex);
  const auto found = shard->index.find(key);
  if (found != shard->index.end()) return found->second->syntax;
  shard->entries.push_front({key.kind, std::string(key.text), std::move(syntax)});
  const auto entry = shard->entries.begin();
  shard->index.emplace(Key{key.kind, entry->text}, entry);
  shard->text_bytes += entry->text.size();
  std::shared_ptr<const void> kept = entry->syntax;
  while (shard->text_bytes > kMaxTextBytes / kShards) {
    const Entry& oldest = shard->entries.back();
    shard->index.erase(Key{oldest.kind, oldest.text});
    shard->text_bytes -= oldest.text.size();
    shard->entries.pop_back();
  }
  return kept;
}

Result<std::shared_ptr<const ConditionSyntax>> SyntaxCache::condition(ExpressionKind kind, Slice text) {
  return find_or_parse<ConditionSyntax>({kind, text}, [&] { return parse_condition_syntax(kind, text); });
}

Result<std::shared_ptr<const UpdateSyntax>> SyntaxCache::update(Slice text) {
  return find_or_parse<UpdateSyntax>({ExpressionKind::kUpdate, text},
                                     [&] { return parse_update_syntax(text); });
}

Result<std::shared_ptr<const ProjectionSyntax>> SyntaxCache::projection(Slice text) {
  return find_or_parse<ProjectionSyntax>({ExpressionKind::kProjection, text},
                                         [&] { return parse_projection_syntax(text); });
}

SyntaxCache::Counters SyntaxCache::counters() const {
  Counters sum;
  for (const Shard& shard : shards_) {
    const io::MutexLock lock(&shard.mutex);
    sum.hits += shard.hits;
    sum.misses += shard.misses;
    sum.entries += shard.entries.size();
    sum.text_bytes += shard.text_bytes;
  }
  return sum;
}

Result<std::shared_ptr<const ConditionSyntax>> condition_syntax(SyntaxCache* cache, ExpressionKind kind,
                                                                Slice text) {
  return cache != nullptr ? cache->condition(kind, text) : parse_condition_syntax(kind, text);
}

Result<std::shared_ptr<const UpdateSyntax>> update_syntax(SyntaxCache* cache, Slice text) {
  return cache != nullptr ? cache->update(text) : parse_update_syntax(text);
}

Result<std::shared_ptr<const ProjectionSyntax>> projection_syntax(SyntaxCache* cache, Slice text) {
  return cache != nullptr ? cache->projection(text) : parse_projection_syntax(text);
}

}  // namespace varve::api::expression
