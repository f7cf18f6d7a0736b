#include "base/io/synchronous_ring.h"

#include <iterator>
#include <utility>

namespace varve::io {

namespace {

Ring::Completion perform(const Ring::Request& request) {
  Ring::Completion completion{request.tag, {}, request.size};
  const Slice bytes(request.data, request.size);
  switch (request.operation) {
    case Ring::Operation::kRead: {
      auto count = request.file->read_at(request.offset, {request.data, request.size});
      completion.status = count.status();
      if (count.ok()) completion.bytes = *count;
      break;
    }
    case Ring::Operation::kWrite:
      completion.status = request.file->write_at(request.offset, bytes);
      break;
    case Ring::Operation::kWriteDurable:
      completion.status = request.file->write_at_durable(request.offset, bytes);
      break;
    case Ring::Operation::kSync:
      completion.status = request.file->sync();
      completion.bytes = 0;
      break;
  }
  if (!completion.status.ok()) completion.bytes = 0;
  return completion;
}

}  // namespace

Status SynchronousRing::submit(const Request& request) {
  if (outstanding() >= depth_) {
    return Status::resource_exhausted("ring: " + std::to_string(depth_) + " requests outstanding");
  }
  queued_.push_back(request);
  return {};
}

Status SynchronousRing::flush() {
  for (const Request& request : queued_) {
    done_.push_back(perform(request));
  }
  queued_.clear();
  return {};
}

Status SynchronousRing::wait(size_t, std::vector<Completion>* out) {
  VARVE_RETURN_IF_ERROR(flush());
  out->insert(out->end(), std::make_move_iterator(done_.begin()), std::make_move_iterator(done_.end()));
  done_.clear();
  return {};
}

}  // namespace varve::io
