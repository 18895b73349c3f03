/* Start of the process: chooses the program, makes the process fit for it, runs it and ends at once. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "linux.h"

/* A caller may have closed 0, 1 or 2; a file opened later must not take their place. */
static void hold_standard_descriptors(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd) _exit(1);
  }
}

/*
 * Makes what the linker has marked so (PT_GNU_RELRO) read-only. The dynamic loader does that for other
 * programs; the start code of musl does not do it for a static-pie.
 */
static void protect_relocations(void) {
  extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
  const char *base = (const char *)&__ehdr_start;
  const ElfW(Phdr) *header = (const ElfW(Phdr) *)(base + __ehdr_start.e_phoff);
  for (int i = 0; i < __ehdr_start.e_phnum; i++, header++) {
    if (header->p_type != PT_GNU_RELRO || __ehdr_start.e_type != ET_DYN) continue;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)base + header->p_vaddr) / page * page;
    uintptr_t end = ((uintptr_t)base + header->p_vaddr + header->p_memsz) / page * page;
    if (end > start && mprotect((void *)start, end - start, PROT_READ) < 0) _exit(1);
  }
}

int main(int argc, char **argv) {
  host_argc = argc;
  host_argv = argv;
  host_environment = environ;
  protect_relocations();
  hold_standard_descriptors();
  signal(SIGPIPE, SIG_IGN); /* a caller that went away shows as EPIPE */
  if (host_snapshot_due()) return host_write_snapshot();
  int status = host_run(host_choose_image());
  host_kill_report();
#ifdef AZURE_VNET_PLAIN_MALLOC
  exit(status); /* with the leak check of AddressSanitizer */
#else
  _exit(status);
#endif
}
