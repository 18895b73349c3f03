/* computenetwork.dll: HNS of the second version. A handle is the text of the object's id. */
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "shim.h"

#define EXPORT __declspec(dllexport)
enum { GUID_CHARACTERS = 37 };

static void format_guid(const GUID *id, wchar_t text[GUID_CHARACTERS]) {
  const unsigned char *d = id->Data4;
  _snwprintf(text, GUID_CHARACTERS, L"%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", id->Data1, id->Data2,
             id->Data3, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
}

static HRESULT open(const char *name, const GUID *id, void **handle, wchar_t **error) {
  wchar_t text[GUID_CHARACTERS];
  format_guid(id, text);
  const wchar_t *arguments[] = {text, NULL};
  *handle = NULL;
  HRESULT status = shim_call(name, arguments, NULL, error);
  if (SUCCEEDED(status)) *handle = _wcsdup(text);
  return status;
}

/* The model answers with the id of what it has made. */
static HRESULT create(const char *name, const wchar_t *parent, const GUID *id, const wchar_t *settings, void **handle,
                      wchar_t **error) {
  wchar_t text[GUID_CHARACTERS];
  wchar_t *made;
  format_guid(id, text);
  const wchar_t *arguments[] = {text, settings, parent, NULL};
  *handle = NULL;
  HRESULT status = shim_call(name, arguments, &made, error);
  if (SUCCEEDED(status)) *handle = _wcsdup(made);
  CoTaskMemFree(made);
  return status;
}

static HRESULT with_handle(const char *name, void *handle, const wchar_t *document, wchar_t **text, wchar_t **error) {
  const wchar_t *arguments[] = {handle, document, NULL};
  return shim_call(name, arguments, text, error);
}

static HRESULT delete_object(const char *name, const GUID *id, wchar_t **error) {
  wchar_t text[GUID_CHARACTERS];
  format_guid(id, text);
  const wchar_t *arguments[] = {text, NULL};
  return shim_call(name, arguments, NULL, error);
}

static HRESULT close_handle(const char *name, void *handle) {
  const wchar_t *arguments[] = {handle, NULL};
  HRESULT status = shim_call(name, arguments, NULL, NULL);
  free(handle);
  return status;
}

/* What all kinds of objects have. */
#define KIND(Kind)                                                                                                    \
  EXPORT HRESULT WINAPI HcnEnumerate##Kind##s(const wchar_t *query, wchar_t **ids, wchar_t **error) {                 \
    const wchar_t *arguments[] = {query, NULL};                                                                       \
    return shim_call("HcnEnumerate" #Kind "s", arguments, ids, error);                                                \
  }                                                                                                                   \
  EXPORT HRESULT WINAPI HcnOpen##Kind(const GUID *id, void **handle, wchar_t **error) {                               \
    return open("HcnOpen" #Kind, id, handle, error);                                                                  \
  }                                                                                                                   \
  EXPORT HRESULT WINAPI HcnModify##Kind(void *handle, const wchar_t *settings, wchar_t **error) {                     \
    return with_handle("HcnModify" #Kind, handle, settings, NULL, error);                                             \
  }                                                                                                                   \
  EXPORT HRESULT WINAPI HcnQuery##Kind##Properties(void *handle, const wchar_t *query, wchar_t **properties,          \
                                                   wchar_t **error) {                                                 \
    return with_handle("HcnQuery" #Kind "Properties", handle, query, properties, error);                              \
  }                                                                                                                   \
  EXPORT HRESULT WINAPI HcnDelete##Kind(const GUID *id, wchar_t **error) {                                            \
    return delete_object("HcnDelete" #Kind, id, error);                                                               \
  }                                                                                                                   \
  EXPORT HRESULT WINAPI HcnClose##Kind(void *handle) { return close_handle("HcnClose" #Kind, handle); }

KIND(Network)
KIND(Endpoint)
KIND(Namespace)

EXPORT HRESULT WINAPI HcnCreateNetwork(const GUID *id, const wchar_t *settings, void **network, wchar_t **error) {
  return create("HcnCreateNetwork", NULL, id, settings, network, error);
}

EXPORT HRESULT WINAPI HcnCreateEndpoint(void *network, const GUID *id, const wchar_t *settings, void **endpoint,
                                        wchar_t **error) {
  return create("HcnCreateEndpoint", network, id, settings, endpoint, error);
}
