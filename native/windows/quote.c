/*
 * Windows passes a program one string; the C library of the program divides it again. The rules of Microsoft's:
 * https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
 *
 *     a "b\ c\"   →   "a \"b\ c\\\""      backslashes are doubled where a quote follows, and only there
 */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "quote.h"

static bool needs_quotes(const wchar_t *argument) {
  return *argument == 0 || wcspbrk(argument, L" \t\n\v\"") != NULL;
}

/* Writes one argument to `to`, which has room for twice its length and two quotes; returns the end. */
static wchar_t *quote(const wchar_t *argument, wchar_t *to) {
  if (!needs_quotes(argument)) {
    size_t length = wcslen(argument);
    wmemcpy(to, argument, length);
    return to + length;
  }
  *to++ = L'"';
  for (;;) {
    size_t backslashes = wcsspn(argument, L"\\");
    argument += backslashes;
    bool before_quote = *argument == L'"' || *argument == 0;
    for (size_t i = 0; i < (before_quote ? 2 * backslashes : backslashes); i++) *to++ = L'\\';
    if (*argument == 0) break;
    if (*argument == L'"') *to++ = L'\\';
    *to++ = *argument++;
  }
  *to++ = L'"';
  return to;
}

/* The name of the program is divided by other rules, without backslashes that escape: a path has no quote in it. */
static wchar_t *quote_program(const wchar_t *program, wchar_t *to) {
  size_t length = wcslen(program);
  *to++ = L'"';
  for (size_t i = 0; i < length; i++) *to++ = program[i] == L'/' ? L'\\' : program[i];
  *to++ = L'"';
  return to;
}

wchar_t *host_command_line(char **argv) {
  size_t room = 1;
  for (char **argument = argv; *argument != NULL; argument++) room += 2 * strlen(*argument) + 3;
  wchar_t *line = malloc(room * sizeof *line), *to = line;
  for (char **argument = argv; line != NULL && *argument != NULL; argument++) {
    wchar_t *wide = host_wide(*argument);
    if (wide == NULL) {
      free(line);
      return NULL;
    }
    if (argument != argv) *to++ = L' ';
    to = argument == argv ? quote_program(wide, to) : quote(wide, to);
    free(wide);
  }
  if (line != NULL) *to = 0;
  return line;
}

/* By name and without regard to case, as CreateProcess asks. */
static int compare(const void *left, const void *right) {
  const wchar_t *a = *(const wchar_t *const *)left, *b = *(const wchar_t *const *)right;
  int lengths[2] = {(int)wcscspn(a, L"="), (int)wcscspn(b, L"=")};
  return CompareStringOrdinal(a, lengths[0], b, lengths[1], TRUE) - CSTR_EQUAL;
}

wchar_t *host_environment_block(char **env) {
  size_t count = 0, room = 2;
  while (env[count] != NULL) room += strlen(env[count++]) + 1;
  wchar_t **strings = calloc(count + 1, sizeof *strings);
  wchar_t *block = strings == NULL ? NULL : calloc(room, sizeof *block), *to = block;
  bool good = block != NULL;
  for (size_t i = 0; good && i < count; i++) good = (strings[i] = host_wide(env[i])) != NULL;
  if (good) qsort(strings, count, sizeof *strings, compare);
  for (size_t i = 0; good && i < count; i++) {
    wcscpy(to, strings[i]);
    to += wcslen(strings[i]) + 1;
  }
  for (size_t i = 0; strings != NULL && i < count; i++) free(strings[i]);
  free(strings);
  if (good) return block;
  free(block);
  return NULL;
}
