// A PKCS#11 module that hands everything on to the one of $SHIM_MODULE, and misbehaves as the files in $SHIM_CONTROL
// say: `hang` and `hang-once` (C_Sign), `hang-start` (C_Initialize), `crash` (C_Sign, once), `final-try` and `other`
// (C_GetTokenInfo), `garbage` (C_Sign). It counts C_Login, a byte for each in the file `logins`.
#include <dlfcn.h>
#include <fcntl.h>
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
	return real->C_Login(s, user, pin, n);
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
		if (once("crash"))
			*(volatile int *)0 = 1;
	}
	rv = real->C_Sign(s, data, n, sig, len);
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
	*out = &list;
	return CKR_OK;
}
