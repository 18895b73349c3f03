/* Access lists: what 0700 and "writable by others" mean on Windows. */
#include "windows.h"
#include <aclapi.h>
#include <sddl.h>

/* Protected from what the parent would give: SYSTEM and Administrators, all rights, also on what is made inside. */
static const wchar_t PRIVATE[] = L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/* May change what a directory holds, or who may. */
static const DWORD WRITING = FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY | FILE_DELETE_CHILD | WRITE_DAC | WRITE_OWNER |
                             GENERIC_WRITE | GENERIC_ALL;

SECURITY_ATTRIBUTES *host_private_security(void) {
  static SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes};
  if (attributes.lpSecurityDescriptor == NULL) {
    ConvertStringSecurityDescriptorToSecurityDescriptorW(PRIVATE, SDDL_REVISION_1, &attributes.lpSecurityDescriptor,
                                                         NULL);
  }
  return attributes.lpSecurityDescriptor == NULL ? NULL : &attributes;
}

/* The user of this process, in a buffer for TOKEN_USER; NULL when it cannot be told. */
static PSID own_sid(void) {
  static union {
    TOKEN_USER user;
    char bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } buffer;
  HANDLE token;
  DWORD size;
  if (buffer.user.User.Sid != NULL) return buffer.user.User.Sid;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return NULL;
  if (!GetTokenInformation(token, TokenUser, &buffer, sizeof buffer, &size)) buffer.user.User.Sid = NULL;
  CloseHandle(token);
  return buffer.user.User.Sid;
}

static bool is_trusted(PSID sid) {
  static const WELL_KNOWN_SID_TYPE known[] = {WinLocalSystemSid, WinBuiltinAdministratorsSid, WinCreatorOwnerSid,
                                              WinCreatorOwnerRightsSid};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (IsWellKnownSid(sid, known[i])) return true;
  }
  PSID own = own_sid();
  return own != NULL && EqualSid(sid, own);
}

static bool gives_others_writing(ACL *list) {
  for (DWORD i = 0; i < list->AceCount; i++) {
    ACCESS_ALLOWED_ACE *entry;
    if (!GetAce(list, i, (void **)&entry)) return true;
    if (entry->Header.AceType != ACCESS_ALLOWED_ACE_TYPE || entry->Header.AceFlags & INHERIT_ONLY_ACE) continue;
    if (entry->Mask & WRITING && !is_trusted(&entry->SidStart)) return true;
  }
  return false;
}

bool host_others_may_write(HANDLE directory) {
  PSID owner = NULL;
  ACL *list = NULL;
  PSECURITY_DESCRIPTOR descriptor = NULL;
  DWORD error = GetSecurityInfo(directory, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                                &owner, NULL, &list, NULL, &descriptor);
  if (error != 0) return true; /* a handle that may not even ask is no proof */
  bool others = owner == NULL || !is_trusted(owner) || list == NULL || gives_others_writing(list);
  LocalFree(descriptor);
  return others;
}
