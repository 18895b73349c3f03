/* What the two stand-in DLLs share: a call is answered by the model, which is TypeScript on the same engine. */
#ifndef STAND_IN_SHIM_H
#define STAND_IN_SHIM_H

#include <windows.h>

enum { SHIM_MAX_ARGUMENTS = 4 };

/*
 * Asks the model: `name` is the function, `arguments` end with NULL. Returns the HRESULT; *text and *error (either may
 * be NULL) get CoTaskMemAlloc's strings, or NULL where there is nothing to say.
 */
HRESULT shim_call(const char *name, const wchar_t *const *arguments, wchar_t **text, wchar_t **error);

#endif
