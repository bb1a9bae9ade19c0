/* Preloaded into a program, it moves the places that openCryptoki has compiled in below STRONGROOM_PRIVATE_ROOT, and makes
 * its group the caller's own: so the distribution's own programs run unchanged, without root, beside whatever the machine
 * itself has, and leave nothing behind. For tests: what it pretends is what openCryptoki's access control rests on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define REAL(name) static __typeof__(&name) real; if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static const char DAEMON[] = "/usr/sbin/pkcsslotd", DATA[] = "/var/lib/opencryptoki";
static const char *moved[] = { "/etc/opencryptoki", DATA, "/var/lock/opencryptoki", "/var/log/opencryptoki",
  "/var/run/pkcsslotd", DAEMON, NULL };

static const char *root(void) {
  const char *place = getenv("STRONGROOM_PRIVATE_ROOT");
  return place != NULL && *place != 0 ? place : NULL;
}

static const char *move(const char *path, char *buffer) {
  if (path == NULL || root() == NULL) return path;
  for (const char **prefix = moved; *prefix != NULL; prefix++) {
    if (strncmp(path, *prefix, strlen(*prefix)) != 0) continue;
    snprintf(buffer, PATH_MAX, "%s%s", root(), path);
    return buffer;
  }
  return path;
}

#define MOVE(path) char buffer[PATH_MAX]; path = move(path, buffer)

EXPORT int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  MOVE(path); REAL(open); return real(path, flags, mode);
}
EXPORT FILE *fopen(const char *path, const char *mode) { MOVE(path); REAL(fopen); return real(path, mode); }
EXPORT int mkdir(const char *path, mode_t mode) { MOVE(path); REAL(mkdir); return real(path, mode); }
EXPORT int unlink(const char *path) { MOVE(path); REAL(unlink); return real(path); }
EXPORT int chmod(const char *path, mode_t mode) { MOVE(path); REAL(chmod); return real(path, mode); }

/* What is in the private root has the one owner that it may have. */
EXPORT int chown(const char *path, uid_t user, gid_t group) {
  char buffer[PATH_MAX];
  if (move(path, buffer) != path) return 0;
  REAL(chown); return real(path, user, group);
}

/* The module speaks to a daemon of root alone, and this one is the caller's. */
EXPORT int stat(const char *path, struct stat *into) {
  char buffer[PATH_MAX];
  const char *place = move(path, buffer);
  REAL(stat);
  int result = real(place, into);
  if (result == 0 && place != path && into->st_uid == getuid()) into->st_uid = 0;
  return result;
}

/* The daemon wants to be root, so that it can write to the places that are moved. */
EXPORT uid_t geteuid(void) {
  REAL(geteuid);
  return root() != NULL && strcmp(program_invocation_short_name, "pkcsslotd") == 0 ? 0 : real();
}

EXPORT struct group *getgrnam(const char *name) {
  if (root() != NULL && strcmp(name, "pkcs11") == 0) {
    static char group[] = "pkcs11", member[64], *members[] = { member, NULL };
    static struct group own;
    struct passwd *user = getpwuid(getuid());
    snprintf(member, sizeof member, "%s", user != NULL ? user->pw_name : "");
    own = (struct group){ .gr_name = group, .gr_gid = getgid(), .gr_mem = members };
    return &own;
  }
  REAL(getgrnam); return real(name);
}

static const struct sockaddr *move_socket(const struct sockaddr *address, socklen_t *length, struct sockaddr_un *into) {
  const struct sockaddr_un *given = (const struct sockaddr_un *)address;
  char buffer[PATH_MAX];
  if (given->sun_family != AF_UNIX || move(given->sun_path, buffer) == given->sun_path) return address;
  *into = (struct sockaddr_un){ .sun_family = AF_UNIX };
  if (strlen(buffer) >= sizeof into->sun_path) return address;
  strcpy(into->sun_path, buffer);
  *length = sizeof *into;
  return (const struct sockaddr *)into;
}
EXPORT int bind(int fd, const struct sockaddr *address, socklen_t length) {
  struct sockaddr_un into;
  address = move_socket(address, &length, &into);
  REAL(bind); return real(fd, address, length);
}
EXPORT int connect(int fd, const struct sockaddr *address, socklen_t length) {
  struct sockaddr_un into;
  address = move_socket(address, &length, &into);
  REAL(connect); return real(fd, address, length);
}

/* FNV-1a of the root: what ftok makes of an inode could be a neighbour's number. */
EXPORT key_t ftok(const char *path, int project) {
  if (root() != NULL && strcmp(path, DAEMON) == 0) {
    unsigned key = 2166136261u ^ (unsigned)project;
    for (const char *at = root(); *at != 0; at++) key = (key ^ (unsigned char)*at) * 16777619u;
    return (key_t)(key | 1);
  }
  REAL(ftok); return real(path, project);
}

/* A file of the private root instead of shared memory of the machine: it goes when the root goes. */
static const char *move_memory(const char *name, char *buffer) {
  if (root() == NULL || strstr(name, "opencryptoki") == NULL) return NULL;
  snprintf(buffer, PATH_MAX, "%s/memory-%s", root(), name[0] == '/' ? name + 1 : name);
  return buffer;
}
EXPORT int shm_open(const char *name, int flags, mode_t mode) {
  char buffer[PATH_MAX];
  const char *file = move_memory(name, buffer);
  if (file != NULL) return open(file, flags | O_CLOEXEC | O_NOFOLLOW, mode);
  REAL(shm_open); return real(name, flags, mode);
}
EXPORT int shm_unlink(const char *name) {
  char buffer[PATH_MAX];
  const char *file = move_memory(name, buffer);
  if (file != NULL) return unlink(file);
  REAL(shm_unlink); return real(name);
}

/* C_InitToken removes the old token's files by a shell. */
EXPORT int system(const char *command) {
  const char *found = command != NULL && root() != NULL ? strstr(command, DATA) : NULL;
  REAL(system);
  if (found == NULL) return real(command);
  char changed[2 * PATH_MAX];
  snprintf(changed, sizeof changed, "%.*s%s%s", (int)(found - command), command, root(), found);
  return real(changed);
}
