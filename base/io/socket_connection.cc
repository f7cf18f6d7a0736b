#include "base/io/socket_connection.h"

#include <utility>

#include "base/check.h"
#include "base/io/reactor_core.h"
#include "base/io/socket.h"

namespace varve::io {

std::string SocketConnection::peer() const { return peer_name(fd_.get()); }

std::string SocketConnection::label() const {
  std::string name = peer_name(fd_.get());
  return name.empty() ? "connection " + std::to_string(id_) : name;
}

void SocketConnection::send(std::string bytes) {
  if (closed_ || ending_ || bytes.empty()) return;
  pending_bytes_ += bytes.size();
  queued_.push_back(std::move(bytes));
  core_->touch(this);
}

void SocketConnection::pause_reading() {
  if (paused_ || closed_) return;
  paused_ = true;
  core_->touch(this);
}

void SocketConnection::resume_reading() {
  if (!paused_ || closed_) return;
  paused_ = false;
  core_->touch(this);
}

void SocketConnection::close_after_flush() {
  if (closed_ || ending_) return;
  ending_ = true;
  held_ = {};
  core_->touch(this);
}

void SocketConnection::close() {
  if (closed_) return;
  closed_ = true;
  core_->touch(this);
}

void SocketConnection::fail(Status status) {
  if (closed_) return;
  // Once our last bytes are with the kernel, how the peer leaves is no error.
  if (!shut_) close_status_ = std::move(status);
  close();
}

size_t SocketConnection::gather(iovec* pieces, size_t limit) {
  if (sending_index_ == sending_.size()) {
    sending_.clear();
    sending_.swap(queued_);
    sending_index_ = 0;
    sending_offset_ = 0;
  }
  size_t count = 0;
  size_t offset = sending_offset_;
  for (size_t i = sending_index_; i < sending_.size() && count < limit; ++i) {
    pieces[count++] = {sending_[i].data() + offset, sending_[i].size() - offset};
    offset = 0;
  }
  return count;
}

bool SocketConnection::take(size_t count) {
  CHECK(count <= pending_bytes_);
  pending_bytes_ -= count;
  while (count > 0) {
    std::string& piece = sending_[sending_index_];
    const size_t left = piece.size() - sending_offset_;
    if (count < left) {
      sending_offset_ += count;
      break;
    }
    count -= left;
    piece = {};
    ++sending_index_;
    sending_offset_ = 0;
  }
  return pending_bytes_ == 0;
}

}  // namespace varve::io
