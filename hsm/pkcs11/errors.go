package pkcs11

import (
	"errors"
	"fmt"
	"slices"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// deadly are the errors after which a session, or a handle, is of no use. Those that can have other reasons, such as
// CKR_GENERAL_ERROR, cost a session and one more try, no more.
var deadly = []pkcs11.Error{
	pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_DEVICE_ERROR,
	pkcs11.CKR_DEVICE_MEMORY, pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_TOKEN_NOT_RECOGNIZED, pkcs11.CKR_SLOT_ID_INVALID,
	pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_KEY_HANDLE_INVALID, pkcs11.CKR_OBJECT_HANDLE_INVALID,
	pkcs11.CKR_GENERAL_ERROR, pkcs11.CKR_FUNCTION_FAILED, pkcs11.CKR_FUNCTION_CANCELED, pkcs11.CKR_HOST_MEMORY,
	pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED, pkcs11.CKR_OPERATION_ACTIVE, pkcs11.CKR_OPERATION_NOT_INITIALIZED,
}

// pinErrors are refusals of the PIN. Another try with it could lock the token.
var pinErrors = []pkcs11.Error{
	pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_EXPIRED,
	pkcs11.CKR_PIN_LOCKED, pkcs11.CKR_USER_PIN_NOT_INITIALIZED,
}

// kinds is what an error of the module means to a caller. What is in no list is ErrUnavailable.
var kinds = []struct {
	sentinel error
	codes    []pkcs11.Error
}{
	{hsm.ErrPIN, pinErrors},
	{hsm.ErrMechanism, []pkcs11.Error{
		pkcs11.CKR_MECHANISM_INVALID, pkcs11.CKR_MECHANISM_PARAM_INVALID, pkcs11.CKR_FUNCTION_NOT_SUPPORTED,
		pkcs11.CKR_DOMAIN_PARAMS_INVALID, pkcs11.CKR_ATTRIBUTE_TYPE_INVALID, pkcs11.CKR_ATTRIBUTE_VALUE_INVALID,
		pkcs11.CKR_TEMPLATE_INCONSISTENT, pkcs11.CKR_TEMPLATE_INCOMPLETE, pkcs11.CKR_KEY_SIZE_RANGE,
		pkcs11.CKR_KEY_TYPE_INCONSISTENT, 0x140, // CKR_CURVE_NOT_SUPPORTED
	}},
	{hsm.ErrNotPermitted, []pkcs11.Error{
		pkcs11.CKR_KEY_UNEXTRACTABLE, pkcs11.CKR_KEY_NOT_WRAPPABLE, pkcs11.CKR_KEY_FUNCTION_NOT_PERMITTED,
		pkcs11.CKR_TOKEN_WRITE_PROTECTED, pkcs11.CKR_SESSION_READ_ONLY, pkcs11.CKR_ATTRIBUTE_READ_ONLY,
		pkcs11.CKR_ATTRIBUTE_SENSITIVE, pkcs11.CKR_WRAPPING_KEY_HANDLE_INVALID, 0x1B, // CKR_ACTION_PROHIBITED
	}},
	{hsm.ErrInvalid, []pkcs11.Error{
		pkcs11.CKR_WRAPPED_KEY_INVALID, pkcs11.CKR_WRAPPED_KEY_LEN_RANGE, pkcs11.CKR_DATA_INVALID,
		pkcs11.CKR_DATA_LEN_RANGE, pkcs11.CKR_ENCRYPTED_DATA_INVALID, pkcs11.CKR_ENCRYPTED_DATA_LEN_RANGE,
	}},
}

// dead says whether err costs the session.
func dead(err error) bool { return oneOf(err, deadly) }

func aboutPIN(err error) bool { return oneOf(err, pinErrors) }

func oneOf(err error, codes []pkcs11.Error) bool {
	var code pkcs11.Error
	return errors.As(err, &code) && slices.Contains(codes, code)
}

// explain turns an error of the module into one of package hsm's: what was done, where that is said, what the module
// said of it, and what may be behind it.
func (m *Module) explain(verb string, err error) error {
	if err == nil {
		return nil
	}
	var code pkcs11.Error
	if !errors.As(err, &code) || errors.Is(err, hsm.ErrPIN) {
		if verb != "" {
			return unavailable(fmt.Errorf("%s: %w", verb, m.withCause(err)))
		}
		return err
	}
	sentinel := hsm.ErrUnavailable
	for _, k := range kinds {
		if slices.Contains(k.codes, code) {
			sentinel = k.sentinel
		}
	}
	if verb != "" {
		verb += ": "
	}
	err = fmt.Errorf("%w: %s%w", sentinel, verb, err)
	if errors.Is(sentinel, hsm.ErrUnavailable) {
		return m.withCause(err)
	}
	return err
}
