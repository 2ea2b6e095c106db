#include "http/out/secret_box.hpp"

#include <algorithm>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "http/ascii.hpp"
#include "http/out/key_file.hpp"

namespace sluice::http {

namespace {

constexpr char box_version = 1;
constexpr std::size_t id_size = 4;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::size_t head_size = 1 + id_size;
constexpr std::string_view blanks = " \t\r";
constexpr std::size_t overhead = head_size + nonce_size + tag_size;

struct context_deleter {
  void operator()(EVP_CIPHER_CTX *context) const {
    EVP_CIPHER_CTX_free(context);
  }
};
using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, context_deleter>;

unsigned char *as_bytes(std::string &text, std::size_t from = 0) {
  return reinterpret_cast<unsigned char *>(text.data()) + from;
}

const unsigned char *as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char *>(text.data());
}

template <std::size_t Size>
bool parse_hex(std::string_view text, std::array<std::uint8_t, Size> &out) {
  if (text.size() != 2 * Size)
    return false;
  for (std::size_t i = 0; i < Size; ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

std::string to_hex(const std::uint8_t *bytes, std::size_t count) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(digits[bytes[i] >> 4U]);
    out.push_back(digits[bytes[i] & 0xFU]);
  }
  return out;
}

} // namespace

tl::expected<std::shared_ptr<const secret_box>, std::string>
secret_box::open(const std::string &path) {
  const auto fault = [&](const std::string &what) {
    return tl::unexpected("key file '" + path + "': " + what);
  };
  auto text = read_key_file(path);
  if (!text && text.error().empty()) {
    const auto fresh = fresh_file();
    if (!fresh)
      return fault("the system has no random bytes for a key");
    const auto made = make_key_file(path, *fresh);
    if (!made)
      return fault("could not be made: " + made.error());
    text = read_key_file(path);
  }
  if (!text)
    return fault("could not be read: " + text.error());
  std::shared_ptr<secret_box> out(new secret_box);
  auto &keys = text.value();
  const auto wrong = out->read(keys);
  OPENSSL_cleanse(keys.data(), keys.size());
  if (wrong)
    return fault(*wrong);
  return std::shared_ptr<const secret_box>(std::move(out));
}

secret_box::~secret_box() {
  for (auto &each : keys_)
    OPENSSL_cleanse(each.bytes.data(), each.bytes.size());
}

std::optional<std::string> secret_box::seal(std::string_view plain) const {
  const auto &with = keys_.front();
  std::string out(plain.size() + overhead, '\0');
  out[0] = box_version;
  std::copy(with.id.begin(), with.id.end(), as_bytes(out, 1));
  auto *nonce = as_bytes(out, head_size);
  auto *text = as_bytes(out, head_size + nonce_size);
  const cipher_context context(EVP_CIPHER_CTX_new());
  int size = 0;
  if (!context || RAND_bytes(nonce, static_cast<int>(nonce_size)) != 1 ||
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                         with.bytes.data(), nonce) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &size, as_bytes(out),
                        static_cast<int>(head_size)) != 1 ||
      EVP_EncryptUpdate(context.get(), text, &size, as_bytes(plain),
                        static_cast<int>(plain.size())) != 1 ||
      EVP_EncryptFinal_ex(context.get(), text + size, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG,
                          static_cast<int>(tag_size),
                          as_bytes(out, out.size() - tag_size)) != 1)
    return std::nullopt;
  return out;
}

std::optional<std::string> secret_box::unseal(std::string_view sealed) const {
  if (sealed.size() < overhead || sealed.front() != box_version)
    return std::nullopt;
  const auto id = sealed.substr(1, id_size);
  const auto with =
      std::find_if(keys_.begin(), keys_.end(), [&](const key &each) {
        return std::equal(each.id.begin(), each.id.end(), as_bytes(id));
      });
  if (with == keys_.end())
    return std::nullopt;
  const auto text =
      sealed.substr(head_size + nonce_size, sealed.size() - overhead);
  std::string tag(sealed.substr(sealed.size() - tag_size));
  std::string out(text.size(), '\0');
  const cipher_context context(EVP_CIPHER_CTX_new());
  int size = 0;
  if (!context ||
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                         with->bytes.data(),
                         as_bytes(sealed.substr(head_size))) != 1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &size, as_bytes(sealed),
                        static_cast<int>(head_size)) != 1 ||
      EVP_DecryptUpdate(context.get(), as_bytes(out), &size, as_bytes(text),
                        static_cast<int>(text.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG,
                          static_cast<int>(tag_size), tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context.get(), as_bytes(out) + size, &size) != 1)
    return std::nullopt;
  return out;
}

std::optional<secret_box::key> secret_box::parse_line(std::string_view line) {
  const auto gap = line.find_first_of(" \t");
  key out;
  if (gap == std::string_view::npos ||
      !parse_hex(line.substr(0, gap), out.id) ||
      !parse_hex(trimmed(line.substr(gap), blanks), out.bytes))
    return std::nullopt;
  return out;
}

std::optional<std::string> secret_box::fresh_file() {
  key fresh;
  if (RAND_bytes(fresh.id.data(), static_cast<int>(fresh.id.size())) != 1 ||
      RAND_bytes(fresh.bytes.data(), static_cast<int>(fresh.bytes.size())) != 1)
    return std::nullopt;
  return "# Keys for the secrets of webhooks. The first one seals; older ones "
         "below it still unseal.\n" +
         to_hex(fresh.id.data(), fresh.id.size()) + ' ' +
         to_hex(fresh.bytes.data(), fresh.bytes.size()) + '\n';
}

std::optional<std::string> secret_box::read(std::string_view text) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end), blanks);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#')
      continue;
    const auto found = parse_line(line);
    if (!found)
      return "line " + std::to_string(number) +
             " is not '<8 hex digits> <64 hex digits>'";
    const bool is_taken =
        std::any_of(keys_.begin(), keys_.end(),
                    [&](const key &each) { return each.id == found->id; });
    if (is_taken)
      return "line " + std::to_string(number) + " has the id of a key above";
    keys_.push_back(*found);
  }
  if (keys_.empty())
    return "has no key; a file that is not there is made with one";
  return std::nullopt;
}

} // namespace sluice::http
