/* A PKCS#11 module for tests that forwards every call to a real one, and on the way counts it, delays it, fails it, keeps
 * it hanging or crashes, as a control file says. STRONGROOM_SHIM_MODULE names the real module, STRONGROOM_SHIM_CONTROL the
 * file; both are read by C_Initialize. The file is mapped, so what is written to it holds from the next call on.
 *
 * The file: a head of 16 words (see struct control), then 8 words for each function in the order of CK_FUNCTION_LIST. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define FUNCTIONS 68
#define INITIALIZE 0
#define FINALIZE 1
#define GET_FUNCTION_LIST 3
#define ENCRYPT_INIT 29
#define ENCRYPT 30
#define DECRYPT_INIT 33
#define DECRYPT 34
#define GENERATE_KEY 58
#define WRAP_KEY 60
#define UNWRAP_KEY 61

#define CKM_AES_GCM 0x1087
#define CKR_GENERAL_ERROR 0x5
#define CKR_ARGUMENTS_BAD 0x7
#define CKR_DATA_LEN_RANGE 0x21
#define CKR_MECHANISM_INVALID 0x70
#define CKR_MECHANISM_PARAM_INVALID 0x71
#define CKR_BUFFER_TOO_SMALL 0x150
#define CKR_CRYPTOKI_NOT_INITIALIZED 0x190

#define MAGIC 0x5354524f4e473131ull
#define HANG_BEFORE 1
#define HANG_AFTER 2
#define CRASH 3
#define LOOK_AGAIN_US 500

/* Every argument of every function is one machine word, so one shape forwards them all; a callee that takes fewer does
 * not look at the rest (System V and AAPCS64: the caller cleans up). */
typedef uintptr_t word;
typedef word (*function)(word, word, word, word, word, word, word, word);
struct function_list { unsigned char major, minor; function functions[FUNCTIONS]; };

struct mechanism { word type; void *parameter; word length; };
struct gcm_parameters { unsigned char *iv; word iv_length, iv_bits; unsigned char *aad; word aad_length, tag_bits; };

struct rule {
  _Atomic uint64_t calls;
  /* The calls numbered after < n <= until answer `code` and reach nothing. */
  _Atomic uint64_t after, until, code;
  _Atomic uint64_t delay_us, mood;
  /* Whether it can be answered that the device is busy. */
  _Atomic uint64_t may_be_busy;
  uint64_t unused[1];
};
struct control {
  uint64_t magic;
  /* The next call finalises the real module first, as a device does that resets itself. */
  _Atomic uint64_t reset;
  /* GCM encrypts under other IVs than the caller's: what becomes of them. */
  _Atomic uint64_t own_iv;
  /* Of how many bytes, where they stand behind or before the ciphertext; whether it decrypts only what it made, as it made it. */
  _Atomic uint64_t iv_bytes, as_made;
  /* So many of the next calls that may be busy are answered by the code. */
  _Atomic uint64_t busy_calls, busy_code;
  /* The mechanism `standard` is known by the number `renamed` alone. */
  _Atomic uint64_t standard, renamed;
  uint64_t unused[7];
  struct rule rules[FUNCTIONS];
};

#define WRITTEN_BACK 1
#define APPENDED 2
#define PREPENDED 3
#define OVER_ZEROS 4

/* What a session has begun, by its number: tests open few. */
#define SESSIONS 256
#define MOST_AAD 4096
static struct begun { unsigned char iv[16]; word iv_bytes; int moved, waits; word key; struct gcm_parameters gcm; unsigned char aad[MOST_AAD]; } begun[SESSIONS];

static struct control *control;
static struct function_list *real;
static struct function_list list;
/* Nobody may be inside the real module while it is finalised behind his back. */
static pthread_rwlock_t in_use = PTHREAD_RWLOCK_INITIALIZER;

static void pass_us(uint64_t microseconds) {
  if (microseconds == 0) return;
  struct timespec left = { (time_t)(microseconds / 1000000), (long)(microseconds % 1000000) * 1000 };
  while (nanosleep(&left, &left) != 0) {}
}

static void hang_while(struct rule *rule, uint64_t kind) {
  while (atomic_load(&rule->mood) == kind) pass_us(LOOK_AGAIN_US);
}

static word load(void) {
  const char *path = getenv("STRONGROOM_SHIM_CONTROL"), *module = getenv("STRONGROOM_SHIM_MODULE");
  if (path == NULL || module == NULL) return CKR_ARGUMENTS_BAD;
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return CKR_ARGUMENTS_BAD;
  struct control *mapped = mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED || mapped->magic != MAGIC) return CKR_ARGUMENTS_BAD;
  void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
  word (*get_list)(struct function_list **) = library ? (word (*)(struct function_list **))dlsym(library, "C_GetFunctionList") : NULL;
  if (get_list == NULL || get_list(&real) != 0) return CKR_GENERAL_ERROR;
  control = mapped;
  return 0;
}

static word call(int index, word a, word b, word c, word d, word e, word f, word g, word h) {
  pthread_rwlock_rdlock(&in_use);
  word result = real->functions[index](a, b, c, d, e, f, g, h);
  pthread_rwlock_unlock(&in_use);
  return result;
}

static word draw(unsigned char *iv, word length) {
  return getrandom(iv, length, 0) == (ssize_t)length ? 0 : CKR_GENERAL_ERROR;
}

static int is_zero(const unsigned char *bytes, word length) {
  for (word i = 0; i < length; i++) if (bytes[i] != 0) return 0;
  return 1;
}

static word begin_encrypting(word session, struct mechanism *mechanism, word key) {
  struct gcm_parameters *given = mechanism->parameter;
  struct begun *own = &begun[session % SESSIONS];
  uint64_t mood = atomic_load(&control->own_iv);
  own->moved = 0;
  if (mechanism->type != CKM_AES_GCM || given == NULL || mood == 0) return call(ENCRYPT_INIT, session, (word)mechanism, key, 0, 0, 0, 0, 0);
  if (mood == WRITTEN_BACK) {
    for (word i = 0; i < given->iv_length; i++) given->iv[i] ^= 0xa5;
    return call(ENCRYPT_INIT, session, (word)mechanism, key, 0, 0, 0, 0, 0);
  }
  if (mood == OVER_ZEROS) {
    if (given->iv_length == 0 || !is_zero(given->iv, given->iv_length)) return CKR_MECHANISM_PARAM_INVALID;
    word failure = draw(given->iv, given->iv_length);
    return failure ? failure : call(ENCRYPT_INIT, session, (word)mechanism, key, 0, 0, 0, 0, 0);
  }
  own->iv_bytes = atomic_load(&control->iv_bytes);
  word failure = draw(own->iv, own->iv_bytes);
  if (failure) return failure;
  struct gcm_parameters changed = *given;
  changed.iv = own->iv;
  changed.iv_length = own->iv_bytes;
  changed.iv_bits = own->iv_bytes * 8;
  struct mechanism other = { mechanism->type, &changed, sizeof changed };
  own->moved = (int)mood;
  return call(ENCRYPT_INIT, session, (word)&other, key, 0, 0, 0, 0, 0);
}

static word encrypt(word session, word data, word length, unsigned char *out, word *out_length) {
  struct begun *own = &begun[session % SESSIONS];
  if (!own->moved) return call(ENCRYPT, session, data, length, (word)out, (word)out_length, 0, 0, 0);
  if (out != NULL && *out_length < own->iv_bytes) return CKR_BUFFER_TOO_SMALL;
  word room = out == NULL ? 0 : *out_length - own->iv_bytes;
  word result = call(ENCRYPT, session, data, length, (word)out, (word)&room, 0, 0, 0);
  *out_length = room + own->iv_bytes;
  if (result != 0 || out == NULL) return result;
  if (own->moved == PREPENDED) memmove(out + own->iv_bytes, out, room);
  memcpy(own->moved == PREPENDED ? out : out + room, own->iv, own->iv_bytes);
  own->moved = 0;
  return 0;
}

/* What decrypts its own output knows the IV only when it has that: C_DecryptInit waits. */
static word begin_decrypting(word session, struct mechanism *mechanism, word key) {
  struct gcm_parameters *given = mechanism->parameter;
  struct begun *own = &begun[session % SESSIONS];
  own->waits = 0;
  if (mechanism->type != CKM_AES_GCM || given == NULL || !atomic_load(&control->as_made)) return call(DECRYPT_INIT, session, (word)mechanism, key, 0, 0, 0, 0, 0);
  if (given->aad_length > MOST_AAD) return CKR_MECHANISM_PARAM_INVALID;
  own->gcm = *given;
  memcpy(own->aad, given->aad, given->aad_length);
  own->gcm.aad = own->aad;
  own->key = key;
  own->waits = 1;
  return 0;
}

static word decrypt(word session, unsigned char *data, word length, word out, word out_length) {
  struct begun *own = &begun[session % SESSIONS];
  if (!own->waits) return call(DECRYPT, session, (word)data, length, out, out_length, 0, 0, 0);
  own->waits = 0;
  word iv_bytes = atomic_load(&control->iv_bytes);
  if (length < iv_bytes) return CKR_DATA_LEN_RANGE;
  int first = atomic_load(&control->own_iv) == PREPENDED;
  own->gcm.iv = first ? data : data + length - iv_bytes;
  own->gcm.iv_length = iv_bytes;
  own->gcm.iv_bits = iv_bytes * 8;
  struct mechanism mechanism = { CKM_AES_GCM, &own->gcm, sizeof own->gcm };
  word failure = call(DECRYPT_INIT, session, (word)&mechanism, own->key, 0, 0, 0, 0, 0);
  return failure ? failure : call(DECRYPT, session, (word)(first ? data + iv_bytes : data), length - iv_bytes, out, out_length, 0, 0, 0);
}

static int takes_mechanism(int index) {
  return index == ENCRYPT_INIT || index == DECRYPT_INIT || index == GENERATE_KEY || index == WRAP_KEY || index == UNWRAP_KEY;
}

static word answer(int index, word a, word b, word c, word d, word e, word f, word g, word h) {
  struct mechanism other;
  uint64_t renamed = atomic_load(&control->renamed);
  if (renamed != 0 && b != 0 && takes_mechanism(index)) {
    other = *(struct mechanism *)b;
    if (other.type == atomic_load(&control->standard)) return CKR_MECHANISM_INVALID;
    if (other.type == renamed) other.type = atomic_load(&control->standard);
    b = (word)&other;
  }
  if (index == ENCRYPT_INIT && b != 0) return begin_encrypting(a, (struct mechanism *)b, c);
  if (index == ENCRYPT) return encrypt(a, b, c, (unsigned char *)d, (word *)e);
  if (index == DECRYPT_INIT && b != 0) return begin_decrypting(a, (struct mechanism *)b, c);
  if (index == DECRYPT) return decrypt(a, (unsigned char *)b, c, d, e);
  return call(index, a, b, c, d, e, f, g, h);
}

/* One of the calls that are still to be answered by the code. */
static int is_busy(struct rule *rule) {
  if (!atomic_load(&rule->may_be_busy)) return 0;
  uint64_t left = atomic_load(&control->busy_calls);
  while (left > 0) if (atomic_compare_exchange_weak(&control->busy_calls, &left, left - 1)) return 1;
  return 0;
}

static word forward(int index, word a, word b, word c, word d, word e, word f, word g, word h) {
  if (control == NULL) {
    word failure = index == INITIALIZE ? load() : CKR_CRYPTOKI_NOT_INITIALIZED;
    if (failure != 0) return failure;
  }
  struct rule *rule = &control->rules[index];
  uint64_t number = atomic_fetch_add(&rule->calls, 1) + 1;
  pass_us(atomic_load(&rule->delay_us));
  if (atomic_load(&rule->mood) == CRASH) abort();
  hang_while(rule, HANG_BEFORE);
  if (number > atomic_load(&rule->after) && number <= atomic_load(&rule->until)) return atomic_load(&rule->code);
  if (atomic_exchange(&control->reset, 0)) {
    pthread_rwlock_wrlock(&in_use);
    real->functions[FINALIZE](0, 0, 0, 0, 0, 0, 0, 0);
    pthread_rwlock_unlock(&in_use);
  }
  if (is_busy(rule)) return atomic_load(&control->busy_code);
  word result = answer(index, a, b, c, d, e, f, g, h);
  hang_while(rule, HANG_AFTER);
  return result;
}

#define SHIM(n) static word shim_##n(word a, word b, word c, word d, word e, word f, word g, word h) \
  { return forward(n, a, b, c, d, e, f, g, h); }
#define EACH(X) \
  X(0) X(1) X(2) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) \
  X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32) X(33) X(34) X(35) X(36) X(37) X(38) X(39) X(40) \
  X(41) X(42) X(43) X(44) X(45) X(46) X(47) X(48) X(49) X(50) X(51) X(52) X(53) X(54) X(55) X(56) X(57) X(58) X(59) \
  X(60) X(61) X(62) X(63) X(64) X(65) X(66) X(67)
EACH(SHIM)

__attribute__((visibility("default"))) word C_GetFunctionList(struct function_list **out) {
#define PUT(n) list.functions[n] = shim_##n;
  EACH(PUT)
  list.functions[GET_FUNCTION_LIST] = (function)(void (*)(void))C_GetFunctionList;
  list.major = 2;
  list.minor = 40;
  *out = &list;
  return 0;
}
