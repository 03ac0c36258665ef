/* Makes writes fail while a file says so: what it names is the folder of the signs, FAILING_DISK in the environment. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int fails(const char *sign) {
  char path[PATH_MAX];
  const char *folder = getenv("FAILING_DISK");
  snprintf(path, sizeof path, "%s/%s", folder == NULL ? "" : folder, sign);
  return folder != NULL && access(path, F_OK) == 0;
}

/* The last page of a commit is written through a descriptor that syncs each write. */
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
  ssize_t (*next)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
  if (fails("last page") && (fcntl(file, F_GETFL) & O_DSYNC) != 0) {
    usleep(20000); /* No disk fails at once. */
    errno = EIO;
    return -1;
  }
  return next(file, bytes, length, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) { return pwrite64(file, bytes, length, offset); }

int fdatasync(int file) {
  int (*next)(int) = dlsym(RTLD_NEXT, "fdatasync");
  if (fails("sync")) {
    errno = EIO;
    return -1;
  }
  return next(file);
}
