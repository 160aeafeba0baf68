// Search with faiss (float32, CPU), told what to do line by line by ./realm bench; see
// torch_steps.py. Compiled by install-faiss.
//
// Job: dimension, vectors and queries (files of little-endian float32, row after row).
// Requests, of indexes that have names:
//   build NAME, lists (0: IndexFlatIP, else IndexIVFFlat)
//   search NAME, count, k, probes, for_seconds: repeats a search of so many queries at once, the
//       next ones each time; answered with the seconds and CPU seconds of one (call, call_cpu).
//       product_from: from how many queries on faiss takes a matrix product; 20 as it comes.
//   rows NAME, queries, batch, k, probes: the rows that the first queries find
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/utils/distances.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// One JSON object of strings and numbers, as the bench writes them. A quote within a string is
// escaped, so "key": is found where it is a key.
class Request {
  std::string text;

  std::string after(const std::string& key) const {
    size_t at = text.find("\"" + key + "\":");
    if (at == std::string::npos) throw std::runtime_error("expected " + key + " in " + text);
    return text.substr(at + key.size() + 3);
  }

 public:
  explicit Request(std::string line) : text(std::move(line)) {}

  bool has(const std::string& key) const {
    return text.find("\"" + key + "\":") != std::string::npos;
  }

  double number(const std::string& key) const { return std::stod(after(key)); }
  double number(const std::string& key, double otherwise) const {
    return has(key) ? number(key) : otherwise;
  }

  std::string string(const std::string& key) const {
    std::string rest = after(key), value;
    for (size_t i = rest.find('"') + 1; i < rest.size() && rest[i] != '"'; i++) {
      if (rest[i] == '\\') i++;
      value += rest[i];
    }
    return value;
  }
};

struct Matrix {
  const float* values;
  int64_t rows;

  Matrix(const std::string& file, int dimension) {
    int handle = open(file.c_str(), O_RDONLY);
    struct stat info;
    if (handle < 0 || fstat(handle, &info) != 0) throw std::runtime_error("cannot open " + file);
    void* memory = mmap(nullptr, info.st_size, PROT_READ, MAP_SHARED, handle, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("cannot map " + file);
    close(handle);
    values = static_cast<const float*>(memory);
    rows = info.st_size / (sizeof(float) * dimension);
  }
};

double seconds(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

struct Inverted {
  faiss::IndexFlatIP coarse;
  faiss::IndexIVFFlat index;
  Inverted(int d, int lists) : coarse(d), index(&coarse, d, lists, faiss::METRIC_INNER_PRODUCT) {}
};

class Searches {
  const int dimension;
  const Matrix vectors, queries;
  std::map<std::string, std::unique_ptr<faiss::IndexFlatIP>> flat;
  std::map<std::string, std::unique_ptr<Inverted>> inverted;
  std::vector<float> scores;
  std::vector<int64_t> found;

  faiss::Index& named(const Request& request, const std::string& name) {
    faiss::distance_compute_blas_threshold = request.number("product_from", 20);
    if (flat.count(name)) return *flat.at(name);
    faiss::IndexIVFFlat& index = inverted.at(name)->index;
    index.nprobe = request.number("probes");
    return index;
  }

  void search(const faiss::Index& index, int64_t from, int64_t count, int k) {
    scores.resize(count * k);
    found.resize(count * k);
    index.search(count, queries.values + from * dimension, k, scores.data(), found.data());
  }

  void build(const std::string& name, int lists) {
    flat.erase(name);
    inverted.erase(name);
    if (lists == 0) {
      auto index = std::make_unique<faiss::IndexFlatIP>(dimension);
      index->add(vectors.rows, vectors.values);
      flat[name] = std::move(index);
    } else {
      auto index = std::make_unique<Inverted>(dimension, lists);
      index->index.train(vectors.rows, vectors.values);
      index->index.add(vectors.rows, vectors.values);
      inverted[name] = std::move(index);
    }
  }

  // For so long at least; what it begins with is not timed, as on the other side.
  std::string repeat(const Request& request) {
    faiss::Index& index = named(request, request.string("search"));
    int64_t count = request.number("count"), next = 0;
    int k = request.number("k");
    auto run = [&](double duration) {
      double until = seconds(CLOCK_MONOTONIC) + duration;
      int calls = 0;
      do {
        search(index, next, count, k);
        next = (next + count) % (queries.rows / count * count);
        calls++;
      } while (seconds(CLOCK_MONOTONIC) < until);
      return calls;
    };
    run(0.06);
    double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    int calls = run(request.number("for_seconds"));
    std::ostringstream answer;
    answer.precision(12);
    answer << "\"call\":" << (seconds(CLOCK_MONOTONIC) - start) / calls
           << ",\"call_cpu\":" << (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / calls << ",";
    return answer.str();
  }

  std::string rows(const Request& request) {
    faiss::Index& index = named(request, request.string("rows"));
    int64_t all = request.number("queries"), batch = request.number("batch");
    std::ostringstream answer;
    answer << "\"rows\":[";
    for (int64_t from = 0; from < all; from += batch) {
      search(index, from, std::min(batch, all - from), request.number("k"));
      for (size_t i = 0; i < found.size(); i++) answer << (from + i > 0 ? "," : "") << found[i];
    }
    answer << "],";
    return answer.str();
  }

 public:
  explicit Searches(const Request& job)
      : dimension(job.number("dimension")),
        vectors(job.string("vectors"), dimension),
        queries(job.string("queries"), dimension) {}

  std::string run(const Request& request) {
    if (request.has("search")) return repeat(request);
    if (request.has("rows")) return rows(request);
    build(request.string("build"), request.number("lists"));
    return "";
  }
};

}  // namespace

int main(int count, char** arguments) {
  std::string version = std::to_string(FAISS_VERSION_MAJOR) + "." +
      std::to_string(FAISS_VERSION_MINOR) + "." + std::to_string(FAISS_VERSION_PATCH);
  if (count > 1 && std::string(arguments[1]) == "--version") {
    std::cout << version << std::endl;
    return 0;
  }
  try {
    std::string line;
    std::getline(std::cin, line);
    Searches searches{Request(line)};
    std::cout << "{\"ready\":true,\"version\":\"" << version << "\"}" << std::endl;
    while (std::getline(std::cin, line)) {
      double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
      std::string answer = searches.run(Request(line));
      std::ostringstream times;
      times.precision(12);
      times << "\"seconds\":" << seconds(CLOCK_MONOTONIC) - start
            << ",\"cpu\":" << seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
      std::cout << "{" << answer << times.str() << "}" << std::endl;
    }
  } catch (const std::exception& e) {
    std::cerr << e.what() << std::endl;
    return 1;
  }
}
