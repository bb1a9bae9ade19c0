/* A PKCS#11 module for tests that forwards every call to a real one, and on the way counts it, delays it, fails it, keeps
 * it hanging or crashes, as a control file says. STRONGROOM_SHIM_MODULE names the real module, STRONGROOM_SHIM_CONTROL the
 * file; both are read by C_Initialize. The file is mapped, so what is written to it holds from the next call on.
 *
 * The file: a head of 8 words (magic, reset, iv), then 8 words for each function in the order of CK_FUNCTION_LIST. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define FUNCTIONS 68
#define INITIALIZE 0
#define FINALIZE 1
#define GET_FUNCTION_LIST 3
#define ENCRYPT_INIT 29

#define CKM_AES_GCM 0x1087
#define CKR_GENERAL_ERROR 0x5
#define CKR_ARGUMENTS_BAD 0x7
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
struct gcm_parameters { unsigned char *iv; word iv_length; };

struct rule {
  _Atomic uint64_t calls;
  /* The calls numbered after < n <= until answer `code` and reach nothing. */
  _Atomic uint64_t after, until, code;
  _Atomic uint64_t delay_us, mood;
  uint64_t unused[2];
};
struct control {
  uint64_t magic;
  /* The next call finalises the real module first, as a device does that resets itself. */
  _Atomic uint64_t reset;
  /* C_EncryptInit takes another IV than the caller's and writes it back. */
  _Atomic uint64_t own_iv;
  uint64_t unused[5];
  struct rule rules[FUNCTIONS];
};

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

static void choose_iv(struct mechanism *mechanism) {
  struct gcm_parameters *gcm = mechanism->parameter;
  if (mechanism->type != CKM_AES_GCM || gcm == NULL) return;
  for (word i = 0; i < gcm->iv_length; i++) gcm->iv[i] ^= 0xa5;
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
  if (index == ENCRYPT_INIT && atomic_load(&control->own_iv)) choose_iv((struct mechanism *)b);
  pthread_rwlock_rdlock(&in_use);
  word result = real->functions[index](a, b, c, d, e, f, g, h);
  pthread_rwlock_unlock(&in_use);
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
