/* The PKCS#11 calls of our keystore's operations, in the same order, with nothing around them: what the HSM layer is
 * measured against. usage: raw-loop MODULE LABEL OPERATION (seconds S | count N); the PIN comes in RAW_PIN, the
 * parameters that NSS wants in RAW_PARAMETERS. Prints: operations, seconds, growth of the resident set in bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <pkcs11.h>

#define CHECK(call) do { CK_RV rv_ = (call); if (rv_ != CKR_OK) die(#call, rv_); } while (0)
#define COUNT(array) (sizeof(array) / sizeof(array[0]))
#define MAC_MESSAGE 64
#define LOCK_MESSAGE 180
#define ASSOCIATED 260
#define SECRET 32
#define PAYLOAD 57
#define IV 12
#define TAG 16

static CK_FUNCTION_LIST_PTR p11;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE seal_key, mac_key;
static CK_BYTE message[512], associated[ASSOCIATED], sealed[512], wrapped[64];
static CK_ULONG sealed_length, wrapped_length;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY;
static CK_KEY_TYPE aes = CKK_AES;

static void die(const char *what, CK_RV rv) {
  fprintf(stderr, "%s: 0x%lx\n", what, rv);
  exit(1);
}

/* Keys are found by the end of their label: .../seal/v1, .../mac/bench/v1. Worked with as session copies, as ours are. */
static CK_OBJECT_HANDLE find_copy(const char *ending) {
  CK_ATTRIBUTE template[] = {{CKA_CLASS, &secret_class, sizeof secret_class}, {CKA_TOKEN, &yes, sizeof yes}};
  CK_ATTRIBUTE copied[] = {{CKA_TOKEN, &no, sizeof no}};
  CK_OBJECT_HANDLE found[16], copy;
  CK_ULONG count;
  CHECK(p11->C_FindObjectsInit(session, template, COUNT(template)));
  CHECK(p11->C_FindObjects(session, found, COUNT(found), &count));
  CHECK(p11->C_FindObjectsFinal(session));
  for (CK_ULONG i = 0; i < count; i++) {
    char label[128] = "";
    CK_ATTRIBUTE attribute[] = {{CKA_LABEL, label, sizeof label - 1}};
    CHECK(p11->C_GetAttributeValue(session, found[i], attribute, 1));
    label[attribute[0].ulValueLen] = 0;
    size_t length = strlen(label), wanted = strlen(ending);
    if (length < wanted || strcmp(label + length - wanted, ending) != 0) continue;
    CHECK(p11->C_CopyObject(session, found[i], copied, 1, &copy));
    return copy;
  }
  die(ending, CKR_KEY_HANDLE_INVALID);
  return 0;
}

static void mac(CK_ULONG length, CK_BYTE out[64]) {
  CK_MECHANISM hmac = {CKM_SHA512_HMAC, NULL_PTR, 0};
  CK_ULONG written = 64;
  CHECK(p11->C_SignInit(session, &hmac, mac_key));
  CHECK(p11->C_Sign(session, message, length, out, &written));
}

static void seal(CK_ULONG length) {
  CK_ULONG written = sizeof sealed - IV;
  if (getrandom(sealed, IV, 0) != IV) die("getrandom", 0);
  CK_GCM_PARAMS gcm = {sealed, IV, IV * 8, associated, sizeof associated, TAG * 8};
  CK_MECHANISM mechanism = {CKM_AES_GCM, &gcm, sizeof gcm};
  CHECK(p11->C_EncryptInit(session, &mechanism, seal_key));
  CHECK(p11->C_Encrypt(session, message, length, sealed + IV, &written));
  sealed_length = IV + written;
}

static void open_sealed(void) {
  CK_BYTE out[512];
  CK_ULONG written = sizeof out;
  CK_GCM_PARAMS gcm = {sealed, IV, IV * 8, associated, sizeof associated, TAG * 8};
  CK_MECHANISM mechanism = {CKM_AES_GCM, &gcm, sizeof gcm};
  CHECK(p11->C_DecryptInit(session, &mechanism, seal_key));
  CHECK(p11->C_Decrypt(session, sealed + IV, sealed_length - IV, out, &written));
}

static CK_OBJECT_HANDLE import_wrapper(CK_BYTE *value) {
  CK_ATTRIBUTE template[] = {
      {CKA_CLASS, &secret_class, sizeof secret_class}, {CKA_KEY_TYPE, &aes, sizeof aes},
      {CKA_TOKEN, &no, sizeof no},                     {CKA_PRIVATE, &yes, sizeof yes},
      {CKA_VALUE, value, SECRET},                      {CKA_SENSITIVE, &yes, sizeof yes},
      {CKA_EXTRACTABLE, &no, sizeof no},               {CKA_ENCRYPT, &no, sizeof no},
      {CKA_DECRYPT, &no, sizeof no},                   {CKA_WRAP, &yes, sizeof yes},
      {CKA_UNWRAP, &yes, sizeof yes}};
  CK_OBJECT_HANDLE key;
  CHECK(p11->C_CreateObject(session, template, COUNT(template), &key));
  return key;
}

static void issue_locked(void) {
  CK_ULONG length = SECRET;
  CK_ATTRIBUTE template[] = {
      {CKA_CLASS, &secret_class, sizeof secret_class}, {CKA_KEY_TYPE, &aes, sizeof aes},
      {CKA_TOKEN, &no, sizeof no},                     {CKA_PRIVATE, &yes, sizeof yes},
      {CKA_SENSITIVE, &yes, sizeof yes},               {CKA_EXTRACTABLE, &yes, sizeof yes},
      {CKA_VALUE_LEN, &length, sizeof length},         {CKA_ENCRYPT, &no, sizeof no},
      {CKA_DECRYPT, &no, sizeof no}};
  CK_MECHANISM generate = {CKM_AES_KEY_GEN, NULL_PTR, 0}, wrap = {CKM_AES_KEY_WRAP, NULL_PTR, 0};
  CK_BYTE halves[64];
  CK_OBJECT_HANDLE key;
  CHECK(p11->C_GenerateKey(session, &generate, template, COUNT(template), &key));
  mac(LOCK_MESSAGE, halves);
  CK_OBJECT_HANDLE wrapper = import_wrapper(halves + SECRET);
  wrapped_length = sizeof wrapped;
  CHECK(p11->C_WrapKey(session, &wrap, wrapper, key, wrapped, &wrapped_length));
  CHECK(p11->C_DestroyObject(session, wrapper));
  seal(PAYLOAD);
  CHECK(p11->C_DestroyObject(session, key));
}

static void open_locked(void) {
  CK_ATTRIBUTE template[] = {
      {CKA_CLASS, &secret_class, sizeof secret_class}, {CKA_KEY_TYPE, &aes, sizeof aes},
      {CKA_TOKEN, &no, sizeof no},                     {CKA_PRIVATE, &yes, sizeof yes},
      {CKA_SENSITIVE, &no, sizeof no},                 {CKA_EXTRACTABLE, &yes, sizeof yes}};
  CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL_PTR, 0};
  CK_BYTE halves[64], value[SECRET];
  CK_ATTRIBUTE read[] = {{CKA_VALUE, value, sizeof value}};
  CK_OBJECT_HANDLE key;
  mac(LOCK_MESSAGE, halves);
  open_sealed();
  CK_OBJECT_HANDLE wrapper = import_wrapper(halves + SECRET);
  CHECK(p11->C_UnwrapKey(session, &wrap, wrapper, wrapped, wrapped_length, template, COUNT(template), &key));
  CHECK(p11->C_GetAttributeValue(session, key, read, 1));
  CHECK(p11->C_DestroyObject(session, wrapper));
  CHECK(p11->C_DestroyObject(session, key));
}

static void mac_once(void) {
  CK_BYTE out[64];
  mac(MAC_MESSAGE, out);
}

static void seal_and_open(void) {
  seal(SECRET);
  open_sealed();
}

static const struct { const char *name; void (*run)(void); } operations[] = {
    {"mac", mac_once}, {"seal-open", seal_and_open}, {"open-locked", open_locked}, {"issue-locked", issue_locked}};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static long resident(void) {
  long pages = 0;
  FILE *statm = fopen("/proc/self/statm", "r");
  if (!statm || fscanf(statm, "%*d %ld", &pages) != 1) pages = 0;
  if (statm) fclose(statm);
  return pages * sysconf(_SC_PAGESIZE);
}

static void log_in(const char *module, const char *label) {
  CK_C_GetFunctionList get = NULL;
  void *library = dlopen(module, RTLD_LAZY | RTLD_LOCAL);
  if (library) get = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
  if (!get) die(module, 0);
  CHECK(get(&p11));
  CK_C_INITIALIZE_ARGS arguments = {0};
  arguments.flags = CKF_OS_LOCKING_OK;
  arguments.pReserved = getenv("RAW_PARAMETERS");
  CHECK(p11->C_Initialize(&arguments));
  CK_SLOT_ID slots[16];
  CK_ULONG count = COUNT(slots);
  CHECK(p11->C_GetSlotList(CK_TRUE, slots, &count));
  for (CK_ULONG i = 0; i < count; i++) {
    CK_TOKEN_INFO info;
    CHECK(p11->C_GetTokenInfo(slots[i], &info));
    if (strncmp((char *)info.label, label, strlen(label)) != 0 || !(info.flags & CKF_TOKEN_INITIALIZED)) continue;
    char *pin = getenv("RAW_PIN");
    CHECK(p11->C_OpenSession(slots[i], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL_PTR, NULL_PTR, &session));
    CHECK(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)pin, strlen(pin)));
    return;
  }
  die("no such token", 0);
}

int main(int argc, char **argv) {
  if (argc != 6) die("usage: raw-loop MODULE LABEL OPERATION (seconds S | count N)", 0);
  void (*run)(void) = NULL;
  for (size_t i = 0; i < COUNT(operations); i++)
    if (strcmp(argv[3], operations[i].name) == 0) run = operations[i].run;
  if (!run) die("no such operation", 0);
  log_in(argv[1], argv[2]);
  seal_key = find_copy("/seal/v1");
  mac_key = find_copy("/mac/bench/v1");
  issue_locked();
  int by_count = strcmp(argv[4], "count") == 0;
  double limit = atof(argv[5]);
  for (int warm = 0; warm < 2000; warm++) run();
  long before = resident(), done = 0;
  double started = now();
  while (by_count ? done < limit : now() - started < limit)
    for (int i = 0; i < 100; i++, done++) run();
  double seconds = now() - started;
  printf("%ld %.6f %ld\n", done, seconds, resident() - before);
  return 0;
}
