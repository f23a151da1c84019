// A PKCS#11 module that hands everything on to the one of $SHIM_MODULE, and misbehaves as the files in $SHIM_CONTROL
// say: `hang` and `hang-once` (C_Sign), `hang-start` (C_Initialize), `crash` (C_Sign, once), `crash-all`, `final-try` and `other`
// (C_GetTokenInfo), `garbage` (C_Sign), `close-all` (C_SignInit closes all sessions, once). It counts C_Login, a byte for
// each in the file `logins`. SoftHSM crashes where a session is closed that a call is in, so no call is when all are.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pkcs11go.h"

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST list;

static const char *control(const char *name)
{
	static __thread char path[4096];
	snprintf(path, sizeof path, "%s/%s", getenv("SHIM_CONTROL"), name);
	return path;
}

static int told(const char *name) { return access(control(name), F_OK) == 0; }

static int once(const char *name) { return unlink(control(name)) == 0; }

static void hang(const char *name)
{
	while (told(name))
		usleep(20000);
}

static pthread_rwlock_t calls = PTHREAD_RWLOCK_INITIALIZER;

#define LOCKED(name, params, args) \
	static CK_RV locked_##name params \
	{ \
		CK_RV rv; \
		pthread_rwlock_rdlock(&calls); \
		rv = real->name args; \
		pthread_rwlock_unlock(&calls); \
		return rv; \
	}

LOCKED(C_OpenSession, (CK_SLOT_ID slot, CK_FLAGS f, CK_VOID_PTR app, CK_NOTIFY n, CK_SESSION_HANDLE_PTR s), (slot, f, app, n, s))
LOCKED(C_CloseSession, (CK_SESSION_HANDLE s), (s))
LOCKED(C_GetSessionInfo, (CK_SESSION_HANDLE s, CK_SESSION_INFO_PTR i), (s, i))
LOCKED(C_FindObjectsInit, (CK_SESSION_HANDLE s, CK_ATTRIBUTE_PTR a, CK_ULONG n), (s, a, n))
LOCKED(C_FindObjects, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE_PTR o, CK_ULONG n, CK_ULONG_PTR m), (s, o, n, m))
LOCKED(C_FindObjectsFinal, (CK_SESSION_HANDLE s), (s))
LOCKED(C_GetAttributeValue, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_PTR a, CK_ULONG n), (s, o, a, n))
LOCKED(C_Login, (CK_SESSION_HANDLE s, CK_USER_TYPE u, CK_UTF8CHAR_PTR p, CK_ULONG n), (s, u, p, n))
LOCKED(C_Sign, (CK_SESSION_HANDLE s, CK_BYTE_PTR d, CK_ULONG n, CK_BYTE_PTR g, CK_ULONG_PTR m), (s, d, n, g, m))
LOCKED(C_SignInit, (CK_SESSION_HANDLE s, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE k), (s, m, k))

static CK_RV sign_init(CK_SESSION_HANDLE s, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE k)
{
	CK_SESSION_INFO info;
	if (once("close-all")) {
		pthread_rwlock_wrlock(&calls);
		if (real->C_GetSessionInfo(s, &info) == CKR_OK)
			real->C_CloseAllSessions(info.slotID);
		pthread_rwlock_unlock(&calls);
	}
	return locked_C_SignInit(s, m, k);
}

static CK_RV initialize(CK_VOID_PTR args)
{
	hang("hang-start");
	return real->C_Initialize(args);
}

static CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG n)
{
	int f = open(control("logins"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (f < 0 || write(f, "x", 1) != 1)
		abort();
	close(f);
	return locked_C_Login(s, user, pin, n);
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
	CK_RV rv = real->C_GetTokenInfo(slot, info);
	if (rv == CKR_OK && told("final-try"))
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	if (rv == CKR_OK && told("other"))
		memset(info->serialNumber, 'f', sizeof info->serialNumber);
	return rv;
}

static CK_RV sign(CK_SESSION_HANDLE s, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR sig, CK_ULONG_PTR len)
{
	CK_RV rv;
	if (sig != NULL) { // with NULL it asks for the length alone
		hang("hang");
		if (once("hang-once"))
			for (;;)
				pause();
		if (once("crash") || told("crash-all"))
			*(volatile int *)0 = 1;
	}
	rv = locked_C_Sign(s, data, n, sig, len);
	if (rv == CKR_OK && sig != NULL && told("garbage"))
		memset(sig, 7, *len);
	return rv;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out)
{
	CK_C_GetFunctionList get;
	void *module = dlopen(getenv("SHIM_MODULE"), RTLD_NOW);
	if (module == NULL)
		return CKR_GENERAL_ERROR;
	get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
	if (get == NULL || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	list = *real;
	list.C_Initialize = initialize;
	list.C_Login = login;
	list.C_GetTokenInfo = token_info;
	list.C_Sign = sign;
	list.C_SignInit = sign_init;
	list.C_OpenSession = locked_C_OpenSession;
	list.C_CloseSession = locked_C_CloseSession;
	list.C_GetSessionInfo = locked_C_GetSessionInfo;
	list.C_FindObjectsInit = locked_C_FindObjectsInit;
	list.C_FindObjects = locked_C_FindObjects;
	list.C_FindObjectsFinal = locked_C_FindObjectsFinal;
	list.C_GetAttributeValue = locked_C_GetAttributeValue;
	*out = &list;
	return CKR_OK;
}
