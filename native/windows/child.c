/*
 * Executes a program without a shell and collects what it prints.
 *
 * The child is in a job of its own, which ends as a whole at the deadline, when it prints too much, or when this
 * process ends. A thread for each pipe; output is read until both pipes end, or the child has ended while somebody
 * else still holds them.
 */
#include <errno.h>
#include <stdlib.h>
#include "../child.h"
#include "files.h"
#include "quote.h"

enum { CHUNK_BYTES = 65536, LINGER_MS = 200, INTERRUPTIONS = 10, LONGEST_PLAIN_PATH = 250 };

/* One pipe and its thread. */
struct pump {
  struct child *child;
  HANDLE pipe; /* our end */
  HANDLE full; /* event: more was printed than is wanted */
  struct output *output; /* NULL for stdin */
};

struct running {
  HANDLE job, process, full;
  struct pump pumps[3];
  HANDLE threads[3];
};

static DWORD feed(void *argument) {
  struct pump *pump = argument;
  const char *bytes = pump->child->stdin_bytes;
  for (size_t left = pump->child->stdin_left; left > 0;) {
    DWORD count;
    /* A child that does not want more has its right. */
    if (!WriteFile(pump->pipe, bytes, left < CHUNK_BYTES ? (DWORD)left : CHUNK_BYTES, &count, NULL)) break;
    bytes += count;
    left -= count;
  }
  CloseHandle(pump->pipe);
  return 0;
}

static DWORD drain(void *argument) {
  struct pump *pump = argument;
  struct output *output = pump->output;
  size_t limit = pump->child->limit;
  for (;;) {
    size_t room = limit + 1 - output->length; /* one byte more shows that there is more */
    if (room > CHUNK_BYTES) room = CHUNK_BYTES;
    char *grown = realloc(output->bytes, output->length + room);
    DWORD count = 0;
    if (grown != NULL) output->bytes = grown;
    if (grown != NULL && (!ReadFile(pump->pipe, output->bytes + output->length, (DWORD)room, &count, NULL) ||
                          count == 0)) {
      break;
    }
    output->length += count;
    if (grown != NULL && output->length <= limit) continue;
    if (output->length > limit) output->length = limit;
    SetEvent(pump->full);
    break;
  }
  CloseHandle(pump->pipe);
  return 0;
}

/* ---- starting ---- */

/* A pipe: our end is not inherited, theirs is. */
static bool open_pipe(bool we_write, HANDLE *ours, HANDLE *theirs) {
  SECURITY_ATTRIBUTES none = {.nLength = sizeof none};
  HANDLE read, write;
  if (!CreatePipe(&read, &write, &none, CHUNK_BYTES)) return false;
  *ours = we_write ? write : read;
  *theirs = we_write ? read : write;
  return SetHandleInformation(*theirs, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
}

/* Nothing but the three pipes is inherited. malloc's; NULL with an error of Windows. */
static LPPROC_THREAD_ATTRIBUTE_LIST inherit_only(HANDLE theirs[3]) {
  SIZE_T size = 0;
  InitializeProcThreadAttributeList(NULL, 1, 0, &size);
  LPPROC_THREAD_ATTRIBUTE_LIST list = malloc(size);
  if (list == NULL || !InitializeProcThreadAttributeList(list, 1, 0, &size)) {
    free(list);
    return NULL;
  }
  if (UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, theirs, 3 * sizeof *theirs, NULL, NULL)) {
    return list;
  }
  DeleteProcThreadAttributeList(list);
  free(list);
  return NULL;
}

static HANDLE new_job(void) {
  HANDLE job = CreateJobObjectW(NULL, NULL);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {
      .BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
  if (job != NULL) SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  return job;
}

/* CreateProcess takes the long form of a path, but not every program likes to be called by it. */
static const wchar_t *plain(const wchar_t *path) { return wcslen(path) < LONGEST_PLAIN_PATH ? path + 4 : path; }

/* 0 or an error of Windows. The child waits until it is in the job. */
static DWORD create(struct running *running, HANDLE theirs[3], char **argv, char **env) {
  wchar_t *program = host_wide_path(argv[0]), *line = host_command_line(argv);
  wchar_t *block = host_environment_block(env);
  STARTUPINFOEXW start = {.StartupInfo = {.cb = sizeof start,
                                          .dwFlags = STARTF_USESTDHANDLES,
                                          .hStdInput = theirs[0],
                                          .hStdOutput = theirs[1],
                                          .hStdError = theirs[2]}};
  PROCESS_INFORMATION made = {0};
  DWORD flags = CREATE_UNICODE_ENVIRONMENT | CREATE_NO_WINDOW | CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT;
  DWORD error = program != NULL && host_is_directory(program) ? ERROR_ACCESS_DENIED : ERROR_OUTOFMEMORY;
  start.lpAttributeList = inherit_only(theirs);
  if (error != ERROR_ACCESS_DENIED && program != NULL && line != NULL && block != NULL &&
      start.lpAttributeList != NULL) {
    error = CreateProcessW(plain(program), line, NULL, NULL, TRUE, flags, block, NULL, &start.StartupInfo, &made)
                ? 0
                : GetLastError();
  }
  if (start.lpAttributeList != NULL) DeleteProcThreadAttributeList(start.lpAttributeList);
  free(start.lpAttributeList);
  free(program);
  free(line);
  free(block);
  if (error != 0) return error;
  running->process = made.hProcess;
  running->job = new_job();
  if (running->job != NULL) AssignProcessToJobObject(running->job, made.hProcess);
  ResumeThread(made.hThread);
  CloseHandle(made.hThread);
  return 0;
}

/* 0 or an error of Windows. */
static DWORD start(struct running *running, char **argv, char **env) {
  HANDLE ours[3] = {0}, theirs[3] = {0};
  DWORD error = 0;
  for (int i = 0; i < 3 && error == 0; i++) {
    if (!open_pipe(i == 0, &ours[i], &theirs[i])) error = GetLastError();
  }
  if (error == 0) error = create(running, theirs, argv, env);
  for (int i = 0; i < 3; i++) {
    if (theirs[i] != NULL) CloseHandle(theirs[i]);
    if (error != 0 && ours[i] != NULL) CloseHandle(ours[i]);
    running->pumps[i].pipe = ours[i];
  }
  return error;
}

static void end_job(struct running *running) {
  if (running->job != NULL) TerminateJobObject(running->job, 1);
  TerminateProcess(running->process, 1); /* also when it could not be put into the job */
}

/* Waits for the end of the child and of its output, or for a reason to end it. */
static void wait_for(struct running *running, struct child *child) {
  HANDLE events[2] = {running->process, running->full};
  DWORD woken = WaitForMultipleObjects(2, events, FALSE, (DWORD)host_left_ms(child->deadline));
  DWORD lingering = LINGER_MS;
  if (woken == WAIT_OBJECT_0) {
    /* What it has printed is in the pipes; they end now unless a process that it has left behind has them. */
    WaitForMultipleObjects(3, running->threads, TRUE, lingering);
  } else {
    child->timed_out = woken == WAIT_TIMEOUT;
  }
  child->truncated = WaitForSingleObject(running->full, 0) == WAIT_OBJECT_0;
  DWORD status = 0;
  GetExitCodeProcess(running->process, &status);
  bool was_ended = child->timed_out || woken == WAIT_OBJECT_0 + 1;
  end_job(running);
  WaitForSingleObject(running->process, INFINITE); /* it has been terminated */
  child->status = was_ended ? -1 : (int)status;
  child->signal = was_ended ? 9 : 0; /* SIGKILL: somebody's doing, as on Linux */
}

/*
 * The pipes have ended with the job; a thread that is still in one is interrupted. One that does not let itself be
 * interrupted is ended: it waits in Windows and holds nothing, and what it works on is about to go.
 */
static void end_thread(HANDLE thread) {
  for (int round = 0; WaitForSingleObject(thread, LINGER_MS) == WAIT_TIMEOUT; round++) {
    if (round < INTERRUPTIONS) CancelSynchronousIo(thread);
    else TerminateThread(thread, 1);
  }
  CloseHandle(thread);
}

int host_child_run(struct child *child, char **argv, char **env) {
  struct running running = {.full = CreateEventW(NULL, TRUE, FALSE, NULL)};
  DWORD error = running.full == NULL ? GetLastError() : start(&running, argv, env);
  if (error != 0) {
    if (running.full != NULL) CloseHandle(running.full);
    int number = host_errno_of(error);
    return number != 0 ? number : EIO;
  }
  for (int i = 0; i < 3; i++) {
    running.pumps[i].child = child;
    running.pumps[i].full = running.full;
    running.pumps[i].output = i == 0 ? NULL : &child->output[i - 1];
    LPTHREAD_START_ROUTINE routine = (LPTHREAD_START_ROUTINE)(void (*)(void))(i == 0 ? feed : drain);
    running.threads[i] = CreateThread(NULL, 0, routine, &running.pumps[i], 0, NULL);
    if (running.threads[i] == NULL) host_vanish(); /* there is no memory for a thread */
  }
  wait_for(&running, child);
  for (int i = 0; i < 3; i++) end_thread(running.threads[i]);
  CloseHandle(running.process);
  if (running.job != NULL) CloseHandle(running.job);
  CloseHandle(running.full);
  return 0;
}
