#include "api/cli/deb822.h"

namespace varve::api {

const std::string* Deb822Record::find(Slice name) const {
  for (const auto& [field, value] : fields) {
    if (field == name) return &value;
  }
  return nullptr;
}

Result<bool> Deb822Reader::next_line(std::string* line) {
  size_t searched = at_;
  for (;;) {
    const size_t newline = buffer_.find('\n', searched);
    if (newline != std::string::npos) {
      line->assign(buffer_, at_, newline - at_);
      at_ = newline + 1;
      ++line_number_;
      return true;
    }
    buffer_.erase(0, at_);
    at_ = 0;
    searched = buffer_.size();
    if (buffer_.size() > kMaxRecordBytes) {
      return Status::invalid_argument("line " + std::to_string(line_number_ + 1) + " is over 4 MiB");
    }
    buffer_.resize(searched + (64u << 10));
    VARVE_ASSIGN_OR_RETURN(const size_t count,
                           source_({buffer_.data() + searched, buffer_.size() - searched}));
    buffer_.resize(searched + count);
    if (count > 0) continue;
    line->swap(buffer_);
    buffer_.clear();
    if (line->empty()) return false;
    ++line_number_;
    return true;
  }
}

Status Deb822Reader::add_line(const std::string& line, Deb822Record* record) {
  record->bytes += line.size() + 1;
  const std::string where = "line " + std::to_string(line_number_);
  if (record->bytes > kMaxRecordBytes) return Status::invalid_argument(where + ": record over 4 MiB");
  if (line[0] == ' ' || line[0] == '\t') {
    if (record->fields.empty()) return Status::invalid_argument(where + ": continuation of no field");
    record->fields.back().second.append("\n").append(line);
    return {};
  }
  const size_t colon = line.find(':');
  if (colon == std::string::npos || colon == 0) {
    return Status::invalid_argument(where + ": neither \"Field: value\" nor a continuation");
  }
  std::string name = line.substr(0, colon);
  if (record->find(name) != nullptr)
    return Status::invalid_argument(where + ": second field " + name + " in a record");
  const size_t begin = line.find_first_not_of(" \t", colon + 1);
  const size_t end = line.find_last_not_of(" \t\r");
  const bool empty = begin == std::string::npos || begin > end;
  record->fields.emplace_back(std::move(name), empty ? "" : line.substr(begin, end - begin + 1));
  return {};
}

Result<std::optional<Deb822Record>> Deb822Reader::next() {
  Deb822Record record;
  std::string line;
  for (;;) {
    VARVE_ASSIGN_OR_RETURN(const bool more, next_line(&line));
    const bool blank = line.find_first_not_of(" \t\r") == std::string::npos;
    if (!more || blank) {
      if (!record.fields.empty()) break;
      if (!more) return std::optional<Deb822Record>();
      continue;
    }
    VARVE_RETURN_IF_ERROR(add_line(line, &record));
  }
  record.number = ++record_number_;
  return std::optional<Deb822Record>(std::move(record));
}

}  // namespace varve::api
