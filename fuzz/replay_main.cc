// Runs a fuzz target once on every file of the corpus directories (or files) named on the command line. This is what
// the ordinary build links in place of libFuzzer, so a committed corpus is a regression test under every compiler.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void replay(const std::filesystem::path& path, size_t* count) {
  std::ifstream in(path, std::ios::binary);
  const std::string input((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  ++*count;
}

}  // namespace

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (entry.is_regular_file()) replay(entry.path(), &count);
      }
    } else if (std::filesystem::is_regular_file(argv[i])) {
      replay(argv[i], &count);
    }
  }
  std::printf("%zu inputs\n", count);
  // An empty corpus means the path is wrong: a replay that ran nothing must not pass.
  return count > 0 ? 0 : 1;
}
