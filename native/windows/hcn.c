/*
 * The functions of vmcompute.dll and computenetwork.dll, as https://learn.microsoft.com/windows-server/networking/
 * technologies/hcn describes them; HNSCall is used as https://github.com/microsoft/hcsshim does. All of this runs on
 * the thread of the call.
 */
#include <stdio.h>
#include "hns.h"

typedef HRESULT(WINAPI *hns_function)(const wchar_t *method, const wchar_t *path, const wchar_t *request,
                                      wchar_t **answer);
typedef HRESULT(WINAPI *hcs_open)(const wchar_t *id, void **system, wchar_t **result);
typedef HRESULT(WINAPI *enumerate)(const wchar_t *query, wchar_t **ids, wchar_t **error);
typedef HRESULT(WINAPI *open_object)(const GUID *id, void **object, wchar_t **error);
typedef HRESULT(WINAPI *query)(void *object, const wchar_t *query, wchar_t **properties, wchar_t **error);
typedef HRESULT(WINAPI *modify)(void *object, const wchar_t *settings, wchar_t **error);
typedef HRESULT(WINAPI *delete_object)(const GUID *id, wchar_t **error);
typedef HRESULT(WINAPI *close_object)(void *object);
typedef HRESULT(WINAPI *create_network)(const GUID *id, const wchar_t *settings, void **network, wchar_t **error);
typedef HRESULT(WINAPI *create_endpoint)(void *network, const GUID *id, const wchar_t *settings, void **endpoint,
                                         wchar_t **error);

/* Any function, to be converted to its type. */
typedef void (*any_function)(void);

static const wchar_t COMPUTE[] = L"vmcompute.dll";
static const wchar_t NETWORK[] = L"computenetwork.dll";
/* All properties, by the second schema. */
static const wchar_t ALL[] = L"{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}";

/* The function `<prefix><kind><suffix>`; NULL when it is not there, which then is the outcome of the call. */
static any_function find(struct hns_call *call, const wchar_t *library, const char *prefix, const char *suffix) {
  snprintf(call->name, sizeof call->name, "%s%s%s", prefix, call->kind, suffix);
  any_function function = (any_function)host_system_function(library, call->name);
  call->missing = function == NULL;
  host_kill_point();
  return function;
}

void hns_free(wchar_t *text) {
  any_function function = (any_function)host_system_function(L"ole32.dll", "CoTaskMemFree");
  if (text != NULL && function != NULL) ((void(WINAPI *)(void *))function)(text);
}

/* Closes without changing the outcome: a handle that cannot be closed goes with the process. */
static void close_quietly(const wchar_t *library, const char *prefix, const char *kind, void *object) {
  char name[HNS_NAME_BYTES];
  snprintf(name, sizeof name, "%s%s", prefix, kind);
  any_function function = (any_function)host_system_function(library, name);
  if (object != NULL && function != NULL) ((close_object)function)(object);
}

static bool open(struct hns_call *call, const char *kind, const GUID *id, void **object) {
  const char *own = call->kind;
  call->kind = kind;
  any_function function = find(call, NETWORK, "HcnOpen", "");
  call->kind = own;
  if (function == NULL) return false;
  call->result = ((open_object)function)(id, object, &call->error);
  return SUCCEEDED(call->result);
}

static void query_properties(struct hns_call *call, void *object, const wchar_t *text) {
  any_function function = find(call, NETWORK, "HcnQuery", "Properties");
  if (function != NULL) call->result = ((query)function)(object, text, &call->answer, &call->error);
}

void hns_run_call(struct hns_call *call) {
  any_function function = find(call, COMPUTE, "HNSCall", "");
  if (function == NULL) return;
  call->result = ((hns_function)function)(call->texts[0], call->texts[1], call->texts[2], &call->answer);
}

void hns_run_modify_system(struct hns_call *call) {
  void *system = NULL;
  any_function function = find(call, COMPUTE, "HcsOpenComputeSystem", "");
  if (function == NULL) return;
  call->result = ((hcs_open)function)(call->texts[0], &system, &call->error);
  if (FAILED(call->result)) return;
  function = find(call, COMPUTE, "HcsModifyComputeSystem", "");
  if (function != NULL) call->result = ((modify)function)(system, call->texts[1], &call->error);
  close_quietly(COMPUTE, "HcsCloseComputeSystem", "", system);
}

/* The plural of all kinds is made with an s. */
void hns_run_enumerate(struct hns_call *call) {
  any_function function = find(call, NETWORK, "HcnEnumerate", "s");
  if (function != NULL) call->result = ((enumerate)function)(call->texts[0], &call->answer, &call->error);
}

void hns_run_query(struct hns_call *call) {
  void *object = NULL;
  if (!open(call, call->kind, &call->ids[0], &object)) return;
  query_properties(call, object, call->texts[0]);
  close_quietly(NETWORK, "HcnClose", call->kind, object);
}

void hns_run_create_network(struct hns_call *call) {
  void *network = NULL;
  any_function function = find(call, NETWORK, "HcnCreate", "");
  if (function == NULL) return;
  call->result = ((create_network)function)(&call->ids[0], call->texts[0], &network, &call->error);
  if (FAILED(call->result)) return;
  query_properties(call, network, ALL);
  close_quietly(NETWORK, "HcnClose", call->kind, network);
}

void hns_run_create_endpoint(struct hns_call *call) {
  void *network = NULL, *endpoint = NULL;
  if (!open(call, "Network", &call->ids[1], &network)) return;
  any_function function = find(call, NETWORK, "HcnCreate", "");
  if (function != NULL) {
    call->result = ((create_endpoint)function)(network, &call->ids[0], call->texts[0], &endpoint, &call->error);
    if (SUCCEEDED(call->result)) {
      query_properties(call, endpoint, ALL);
      close_quietly(NETWORK, "HcnClose", call->kind, endpoint);
    }
  }
  close_quietly(NETWORK, "HcnClose", "Network", network);
}

void hns_run_modify(struct hns_call *call) {
  void *object = NULL;
  if (!open(call, call->kind, &call->ids[0], &object)) return;
  any_function function = find(call, NETWORK, "HcnModify", "");
  if (function != NULL) call->result = ((modify)function)(object, call->texts[0], &call->error);
  close_quietly(NETWORK, "HcnClose", call->kind, object);
}

void hns_run_delete(struct hns_call *call) {
  any_function function = find(call, NETWORK, "HcnDelete", "");
  if (function != NULL) call->result = ((delete_object)function)(&call->ids[0], &call->error);
}
