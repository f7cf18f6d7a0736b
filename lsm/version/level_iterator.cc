#include "lsm/version/level_iterator.h"

#include <string>

namespace varve::lsm {

namespace {

class LevelIterator final : public InternalIterator {
 public:
  LevelIterator(const Version::Files* files, const TableIteratorOptions& options)
      : files_(files), options_(options) {
    if (options.lower) options_.lower = lower_.assign(*options.lower);
    if (options.upper) options_.upper = upper_.assign(*options.upper);
  }

  bool valid() const override { return current_ != nullptr && current_->valid(); }
  void seek(Slice target) override { seek_by_steps(target); }
  void begin_seek(Slice target) override {
    open(find_file(*files_, user_key_of(target)));
    if (current_ != nullptr) current_->begin_seek(target);
    seeks_ = true;
  }
  bool seek_step() override {
    if (!seeks_) return false;
    seeks_ = current_ != nullptr && current_->seek_step();
    if (!seeks_) skip_forward();
    return seeks_;
  }
  void seek_for_prev(Slice target) override {
    size_t at = find_file(*files_, user_key_of(target));
    if (at == files_->size() && at > 0) --at;
    open(at);
    if (current_ != nullptr) current_->seek_for_prev(target);
    skip_backward();
  }
  void seek_to_first() override {
    open(options_.lower ? find_file(*files_, *options_.lower) : 0);
    if (current_ != nullptr) current_->seek_to_first();
    skip_forward();
  }
  void seek_to_last() override {
    size_t at = options_.upper ? find_file(*files_, *options_.upper) : files_->size();
    if (at == files_->size() && at > 0) --at;
    open(at);
    if (current_ != nullptr) current_->seek_to_last();
    skip_backward();
  }
  void next() override {
    current_->next();
    skip_forward();
  }
  void prev() override {
    current_->prev();
    skip_backward();
  }
  Slice key() const override { return current_->key(); }
  Slice value() const override { return current_->value(); }
  bool warm() const override { return current_->warm(); }
  Status status() const override { return current_ != nullptr ? current_->status() : Status(); }

 private:
  void open(size_t at) {
    if (at >= files_->size()) {
      current_.reset();
      at_ = files_->size();
      return;
    }
    if (current_ != nullptr && at == at_) return;
    at_ = at;
    current_ = (*files_)[at]->table->reader().iterate(options_);
  }
  // An invalid cursor with an error stays where it is: an error is no end.
  void skip_forward() {
    while (current_ != nullptr && !current_->valid() && current_->status().ok()) {
      if (at_ + 1 < files_->size() && options_.upper &&
          (*files_)[at_ + 1]->metadata.smallest >= *options_.upper) {
        return current_.reset();
      }
      open(at_ + 1);
      if (current_ != nullptr) current_->seek_to_first();
    }
  }
  void skip_backward() {
    while (current_ != nullptr && !current_->valid() && current_->status().ok()) {
      if (at_ == 0 || (options_.lower && (*files_)[at_ - 1]->metadata.largest < *options_.lower)) {
        return current_.reset();
      }
      open(at_ - 1);
      current_->seek_to_last();
    }
  }

  const Version::Files* files_;
  std::string lower_, upper_;
  TableIteratorOptions options_;
  size_t at_ = 0;
  std::unique_ptr<InternalIterator> current_;
  bool seeks_ = false;  // a seek has steps to take
};

}  // namespace

std::unique_ptr<InternalIterator> make_level_iterator(const Version::Files* files,
                                                      const TableIteratorOptions& options) {
  return std::make_unique<LevelIterator>(files, options);
}

}  // namespace varve::lsm
